// Runs a job: the whole way of the data on one page (run.cpp).
#pragma once

#include "io/job.h"

namespace headsweep {

enum class Outcome { done, stopped };

/// Finds the circuit of each family, resuming what is unfinished. Prints progress to stderr,
/// results to stdout. `stopped`: asked to by a signal; everything decided is in the run files.
Outcome run_job(const Job& job);

}  // namespace headsweep
