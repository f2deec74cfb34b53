// What is odd about a family without being wrong: said before the search, and kept in the run file,
// because it qualifies what is found. What to do about each: docs/families.md#warnings.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/job.h"

namespace headsweep {

struct Inputs;

/// A full model whose mean logit difference is smaller is warned about: percentages of little are
/// large.
constexpr double small_full_mean = 0.5;
/// Likewise where it answers fewer of the prompts rightly than this share; guessing gives a half.
constexpr double small_share_right = 0.75;

/// Of the full model's logit differences.
std::vector<std::string> full_model_warnings(const std::vector<double>& per_prompt);

/// "family even: ...", of all families that were read, and of those that are the same.
std::vector<std::string> all_prompt_warnings(const Job& job, const Inputs& inputs);

/// "family even: ...", each.
std::vector<std::string> labelled(const Job& job, std::size_t family,
                                  std::vector<std::string> warnings);

/// On stderr, each on a line that begins with "warning: "; of very many only the first.
void print_warnings(const std::vector<std::string>& warnings);

}  // namespace headsweep
