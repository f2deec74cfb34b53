#include "pipeline/scaling/replayed_trace.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

SearchRule rule_of(const std::vector<TraceStep>& steps) {
  SearchRule rule;
  for (const TraceStep& step : steps) {
    rule.layers = std::max(rule.layers, step.layer + 1);
    rule.heads = std::max(rule.heads, step.head + 1);
    rule.forced.push_back({step.removed, step.score_percent});
  }
  return rule;
}

void check_order(const std::vector<TraceStep>& steps, const SearchRule& rule,
                 const std::filesystem::path& file) {
  const auto as_head = [](const TraceStep& step) { return Component{step.layer, step.head}; };
  const bool whole = std::cmp_equal(steps.size(), rule.layers * rule.heads);
  if (!whole || !std::ranges::equal(steps, GreedySearch(rule).coming(), {}, as_head))
    throw UserError(fmt::format(
        "{}: is not a whole search in order backward (layers last to first, in each all heads by "
        "number): only such a one can be replayed",
        file.string()));
}

}  // namespace

ReplayedTrace::ReplayedTrace(const std::vector<TraceStep>& steps, const std::filesystem::path& file)
    : rule_(rule_of(steps)) {
  check_order(steps, rule_, file);
  GreedySearch search(rule_);
  for (const TraceStep& step : steps) {
    by_circuit_.emplace(search.wanted().kept(), step.score_percent);
    scores_.push_back(step.score_percent);
    search.tell(step.score_percent);
  }
}

double ReplayedTrace::score_percent(const Circuit& circuit) const {
  const auto found = by_circuit_.find(circuit.kept());
  return found == by_circuit_.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

std::vector<TraceStep> typical_trace(int layers, int heads, double threshold_percent) {
  constexpr double removed_share = 0.78;
  // A removal uses up a small part of what is left until the line; a kept head would cross it.
  constexpr double used_up = 0.01, beyond = 0.3;
  std::mt19937 random(1);  // its sequence is the same everywhere
  const auto fraction = [&] { return static_cast<double>(random()) / 4294967296.0; };
  std::vector<TraceStep> steps;
  double left = threshold_percent;
  for (int layer = layers - 1; layer >= 0; --layer)
    for (int head = 0; head < heads; ++head) {
      const bool removed = fraction() < removed_share;
      const double drop = removed ? 2 * used_up * left * fraction()
                                  : left + 2 * beyond * threshold_percent * fraction();
      steps.push_back({layer, head, 100 - threshold_percent + left - drop, removed});
      if (removed) left -= drop;
    }
  return steps;
}

}  // namespace headsweep
