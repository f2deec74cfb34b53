// The decisions of a run in HDF5: the table /decisions, and /per_prompt with a row for each of
// them; the table /single_removals, whose scores say in which order heads were tried; and the table
// /audit, which says what fp64 finds of some of them.
#pragma once

#include <vector>

#include "io/hdf5_file.h"
#include "io/run_record.h"

namespace headsweep::hdf5 {

/// Each decision has `prompts` logit differences.
void write_decisions(hid_t root, const std::vector<DecisionRecord>& decisions, std::size_t prompts);
std::vector<DecisionRecord> read_decisions(hid_t root, std::size_t prompts);

void write_single_removals(hid_t root, const std::vector<SingleRemoval>& removals);
std::vector<SingleRemoval> read_single_removals(hid_t root);

void write_audit(hid_t root, const std::vector<AuditRecord>& audit);
std::vector<AuditRecord> read_audit(hid_t root);

}  // namespace headsweep::hdf5
