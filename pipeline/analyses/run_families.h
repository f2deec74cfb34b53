// The families that runs were made on, as a work order has them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/found_runs.h"
#include "pipeline/work_order.h"

namespace headsweep {

AblatedFamily family_of(const RunRecord& run);

/// The number of the family with the run's prompts, ablated as the run's; nullopt if there is none.
std::optional<int> find_family(const std::vector<AblatedFamily>& families, const RunRecord& run);

/// "even.repeat_last", or where runs of that name are ablated in several ways "even.repeat_last
/// (zero, own)". By run.
std::vector<std::string> family_names(const std::vector<FoundRun>& runs);

}  // namespace headsweep
