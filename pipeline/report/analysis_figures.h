// What follows from an analysis, for reports: a pure function of its record.
#pragma once

#include "io/report_data.h"

namespace headsweep {

AnalysisFigures analysis_figures_of(const AnalysisRecord& record);

}  // namespace headsweep
