// Whether an AnalysisRecord or a ComparisonRecord can be one: the same rules for what is written
// and what is read.
#pragma once

#include <string>

#include "io/analysis_record.h"

namespace headsweep {

/// What is wrong with the record, or an empty text: components that the model does not have or that
/// take no part, one that is there twice, numbers that are none, lists of different lengths.
std::string first_problem(const AnalysisRecord& record);
std::string first_problem(const ComparisonRecord& record);

}  // namespace headsweep
