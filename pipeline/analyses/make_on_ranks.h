// Makes analyses with the ranks of a work order, who have the model.
#pragma once

#include "pipeline/analyses/analyses.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/shared_model.h"
#include "pipeline/work_order.h"
#include "pipeline/worker.h"

namespace headsweep {

/// Rank 0; the others are in their loops, and stay there. `worker` is rank 0's own; `rung` is the
/// analyses' rung on the order's ladder. `done`, or `stopped`: asked to by a signal; what was made
/// before is saved.
Outcome make_on_ranks(Ranks& ranks, Worker& worker, const WorkOrder& order,
                      const LoadedRungs& loaded, int rung, Analyses& analyses);

}  // namespace headsweep
