// The picture of how a search scales: speed-up and efficiency against the number of ranks.
#pragma once

#include <string>
#include <vector>

#include "pipeline/scaling/scaling.h"

namespace headsweep {

/// SVG: two panels, both axes logarithmic, a line for each number of families. `caption` says what
/// the numbers are.
std::string scaling_picture(const std::vector<ScalingPoint>& points, const std::string& caption);

}  // namespace headsweep
