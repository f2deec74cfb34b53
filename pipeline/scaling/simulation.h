// What a job would take on ranks that are not here: the real coordinator, workers and leaders, with
// a replayed search and a clock that moves on by what the cost model says.
#pragma once

#include <vector>

#include "io/cost_file.h"
#include "io/job.h"
#include "pipeline/scaling/replayed_trace.h"

namespace headsweep {

struct SimulatedFamily {
  FamilyCost cost;
  int decided = 0;  // decisions of earlier starts
};

struct SimulatedWork {
  std::vector<SimulatedFamily> families;
  Speculation speculation = Speculation::automatic;
  int ranks_per_family = 0;
};

/// So many families of one cost.
SimulatedWork equal_families(const FamilyCost& cost, int families);

struct SimulationResult {
  double seconds = 0;         // from loading to the last decision
  double search_seconds = 0;  // without loading
  long long waves = 0, evaluations = 0, discarded = 0;
  double compute_seconds = 0;  // over all ranks, of scoring
};

/// Every family's decisions are the trace's. UserError if a family's costs are for another number
/// of layers.
SimulationResult simulate(const ReplayedTrace& trace, const ClusterCost& cluster,
                          const SimulatedWork& work, int ranks);

}  // namespace headsweep
