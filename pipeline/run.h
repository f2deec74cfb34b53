// Runs a job on all ranks: the whole way of the data on one page (run.cpp).
#pragma once

#include <functional>

#include "io/job.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/work_messages.h"

namespace headsweep {

/// Finds the circuit of each family, resuming what is unfinished, and makes the analyses that the
/// job asks for. Every rank calls this; only rank 0 calls `read`, prints progress to stderr and
/// results to stdout, and writes files. `stopped`: asked to by a signal; everything decided is in
/// the run files. A user's mistake is thrown as ToldToAll on rank 0, and is `refused` on the
/// others.
Outcome run_job(Ranks& ranks, const std::function<Job()>& read);

}  // namespace headsweep
