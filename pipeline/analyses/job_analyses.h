// The analyses that a job asks for, of its own runs.
#pragma once

#include <string>

#include "io/checkpoint_watch.h"
#include "io/job.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/shared_model.h"
#include "pipeline/work_order.h"
#include "pipeline/worker.h"

namespace headsweep {

/// After the searches, with the same ranks: makes what is missing of the runs that are finished, on
/// the ladder's fp32 rung, or the top where it has none. Rank 0; the others are in their loops.
/// `done`, or `stopped` by a signal.
Outcome make_analyses(Ranks& ranks, Worker& worker, const Job& job, const WorkOrder& order,
                      const LoadedRungs& loaded, CheckpointWatch& checkpoint);

/// "analyses: knockout (99 evaluations for each run), ...", a line for `plan`; empty if the job
/// asks for none. `components`: that take part in a search.
std::string describe_analyses(const Job& job, int components);

}  // namespace headsweep
