// What circuits have in common.
#pragma once

#include <vector>

#include "io/report_data.h"

namespace headsweep {

/// Of two sorted lists.
Overlap overlap_of(const std::vector<RunComponent>& a, const std::vector<RunComponent>& b);

/// The finished runs, by the model's weights; groups of one are left out, since they have nothing
/// to be compared with. Circuits that are not finished have too many components to compare.
std::vector<CircuitGroup> circuit_groups(const std::vector<ReportedRun>& runs);

}  // namespace headsweep
