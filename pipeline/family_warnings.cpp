#include "pipeline/family_warnings.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "io/printable.h"
#include "pipeline/evaluator.h"
#include "pipeline/inputs.h"

namespace headsweep {

std::vector<std::string> full_model_warnings(const std::vector<double>& per_prompt) {
  std::vector<std::string> warnings;
  const auto prompts = static_cast<double>(per_prompt.size());
  const double full = mean(per_prompt);
  if (full <= 0) {
    warnings.push_back(fmt::format(
        "the full model's mean logit difference is {:.4f}: it prefers the distractors, so that "
        "percentages say the opposite of what they seem to",
        full));
    return warnings;
  }
  if (full < small_full_mean)
    warnings.push_back(fmt::format(
        "the full model's mean logit difference is only {:.4f}: a change by 0.01 is {:.1f} "
        "percentage points",
        full, 1 / full));
  double squares = 0;
  for (const double each : per_prompt) squares += (each - full) * (each - full);
  const double error = prompts > 1 ? std::sqrt(squares / (prompts - 1) / prompts) : 0;
  if (full < 2 * error)
    warnings.push_back(fmt::format(
        "the full model's mean logit difference {:.4f} is within two standard errors ({:.4f} each) "
        "of 0: other prompts like these might give none",
        full, error));
  const auto right = std::ranges::count_if(per_prompt, [](double each) { return each > 0; });
  if (static_cast<double>(right) < small_share_right * prompts)
    warnings.push_back(fmt::format(
        "the full model prefers the answer in {} of {} prompts only: the score is that of a few",
        right, per_prompt.size()));
  return warnings;
}

std::vector<std::string> labelled(const Job& job, std::size_t family,
                                  std::vector<std::string> warnings) {
  for (std::string& each : warnings)
    each = fmt::format("family {}: {}", family_label(job, family), each);
  return warnings;
}

std::vector<std::string> all_prompt_warnings(const Job& job, const Inputs& inputs) {
  const std::vector<std::string> labels = family_labels(job);
  std::vector<std::string> all;
  std::map<std::string, std::size_t> known;  // by the prompts' hash
  for (std::size_t i = 0; i < inputs.families.size(); ++i) {
    const Family& family = inputs.families[i];
    if (family.clean.tokens.empty()) continue;
    for (std::string& warning : labelled(job, i, family.warnings))
      all.push_back(std::move(warning));
    const auto [first, is_new] = known.try_emplace(family.sha256, i);
    if (!is_new)
      all.push_back(
          fmt::format("family {}: has the same prompts as family {}: both will have the "
                      "same circuit, and count twice where families are compared",
                      labels[i], labels[first->second]));
  }
  return all;
}

void print_warnings(const std::vector<std::string>& warnings) {
  constexpr std::size_t most = 50;
  for (const std::string& warning : std::span(warnings).first(std::min(most, warnings.size())))
    print_text(stderr, "warning: {}\n", printable(warning, LineEnds::escaped));
  if (warnings.size() > most)
    print_text(stderr, "warning: and {} more; headsweep families shows those of each family\n",
               warnings.size() - most);
}

}  // namespace headsweep
