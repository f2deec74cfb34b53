// index.h5 of a job: an entry for each of its runs.
#pragma once

#include <filesystem>
#include <vector>

#include "io/run_index.h"
#include "pipeline/run_store.h"

namespace headsweep {

/// The entry of index.h5 for a run.
IndexEntry index_entry(const Job& job, const RunSpec& run, const RunStore& store);

/// Puts the entries into the job's index, in place of those of the same name; others stay.
void update_index(const std::filesystem::path& folder, const std::vector<IndexEntry>& entries);

}  // namespace headsweep
