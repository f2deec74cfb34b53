// How a search scales: the simulated time for many numbers of ranks and families.
#pragma once

#include <string>
#include <vector>

#include "pipeline/scaling/simulation.h"

namespace headsweep {

struct ScalingPoint {
  int families = 0, ranks = 0;
  SimulationResult result;
  double speed_up = 0;         // against one rank with the same families
  double efficiency = 0;       // speed-up for each rank
  double search_speed_up = 0;  // without loading
};

/// 1, 10, 100 and 1,000 families, each on 1, 2, 4, ... `most_ranks` ranks; the smaller first.
std::vector<ScalingPoint> simulate_scaling(const ReplayedTrace& trace, const CostModel& cost,
                                           int most_ranks = 4096);

/// As a table of text, a row for each point.
std::string scaling_table(const std::vector<ScalingPoint>& points);

}  // namespace headsweep
