// What follows from a run, for reports: pure functions of its record.
#pragma once

#include "io/report_data.h"

namespace headsweep {

/// The circuit's score and size after each decision: a removal's score is the circuit's from then
/// on. Scores are those that decided; the audit's fp64 ones differ by less than can be seen.
std::vector<CurvePoint> removal_curve(const RunRecord& record);

/// All of the above, but `same_prompts`, which is between runs.
RunFigures figures_of(const RunRecord& record);

}  // namespace headsweep
