// Searches on resampled prompts, taken together.
#pragma once

#include <vector>

#include "io/report_data.h"

namespace headsweep {

/// Takes the resamples out of the runs: those that say so in their identity, by the run that they
/// belong to. One by itself stays: whoever names a single resample wants to see it.
std::vector<ResampleGroup> take_resamples(std::vector<FoundRun>& runs);

}  // namespace headsweep
