// What is odd about a family's prompts without being wrong; and what is, for an ablation.
#pragma once

#include <string>
#include <vector>

#include "io/job.h"
#include "pipeline/families.h"

namespace headsweep {

/// Of a family's prompts, used with these ablations: a sentence each, with the first prompt that it
/// is about. `draws`: whether chance made the corrupted prompts, which then may come twice.
std::vector<std::string> prompt_warnings(const Family& family,
                                         const std::vector<Ablation>& ablations, bool draws,
                                         int end_of_text);

/// UserError if the ablation would put into every clean prompt what is there already, so that every
/// circuit had 100 %.
void check_ablation_changes_something(const Family& family, Ablation ablation);

}  // namespace headsweep
