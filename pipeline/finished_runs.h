// The runs among those that a person names that have found a circuit.
#pragma once

#include <string>
#include <vector>

#include "io/found_runs.h"

namespace headsweep {

/// Says on stderr what an audit has found.
void warn_if_contradicted(const FoundRun& run);

/// What is not a circuit yet must not be taken for one: those runs are left out, and said.
/// UserError with `if_none` if no other is there.
std::vector<FoundRun> finished_runs(std::vector<FoundRun> runs, const std::string& if_none);

}  // namespace headsweep
