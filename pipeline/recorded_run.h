// A finished run as something to compute with again: its rule, its prompts, its model.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/run_record.h"
#include "model/ablation.h"
#include "model/prompt_batch.h"
#include "pipeline/search.h"

namespace headsweep {

// UserError if the run was made with something that this version does not know.

SearchRule search_rule_of(const RunRecord& record);
AblationRule ablation_of(const RunRecord& record);

PromptBatch batch_of(const std::vector<PromptRecord>& prompts,
                     const std::vector<std::string>& position_names);

/// The folder of the run's model; `elsewhere`, if that is not empty. UserError if there is none.
std::filesystem::path find_model(const RunRecord& record, const std::filesystem::path& elsewhere);

/// UserError unless these are the weights that the run was made with.
void check_model(const std::string& sha256, const RunRecord& record,
                 const std::filesystem::path& folder);

}  // namespace headsweep
