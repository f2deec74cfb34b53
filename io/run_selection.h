// Which of all combinations of a job's lists are run: what `sweep.include` and `sweep.exclude` say.
#pragma once

#include <vector>

#include "io/job.h"

namespace headsweep {

/// Every family with every threshold, order and ablation; resamples are no combinations of their
/// own.
std::vector<RunSpec> all_combinations(const Job& job);

bool selects(const RunSelector& selector, const Job& job, const RunSpec& run);

/// Of the corruption, if it draws, and of the sentences, if they choose.
std::vector<int> seeds_of(const FamilySpec& family);

}  // namespace headsweep
