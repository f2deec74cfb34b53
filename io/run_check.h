// Whether a RunRecord can be a run: the same rules for what is written and what is read.
#pragma once

#include <string>

#include "io/run_record.h"

namespace headsweep {

/// What is wrong with the record, or an empty text: heads that the model does not have, hosts
/// without a name, rungs and decisions that do not exist, numbers that are none, lists of different
/// lengths.
std::string first_problem(const RunRecord& record);

}  // namespace headsweep
