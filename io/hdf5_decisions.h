// The decisions of a run in HDF5: the table /decisions, and /per_prompt with a row for each of
// them.
#pragma once

#include <vector>

#include "io/hdf5_file.h"
#include "io/run_record.h"

namespace headsweep::hdf5 {

/// Each decision has `prompts` logit differences.
void write_decisions(hid_t root, const std::vector<DecisionRecord>& decisions, std::size_t prompts);
std::vector<DecisionRecord> read_decisions(hid_t root, std::size_t prompts);

}  // namespace headsweep::hdf5
