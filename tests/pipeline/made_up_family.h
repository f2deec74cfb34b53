// Families without a model: scores from a fixed function of the circuit, in which each component
// has a drop of its own, a little different for each prompt and after other removals. For tests of
// how ranks share a search.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "pipeline/evaluator.h"
#include "pipeline/random_bits.h"
#include "pipeline/search.h"

namespace headsweep::made_up {

/// From 0 to 1, the same for the same numbers.
inline double fraction(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return static_cast<double>(random_bits(random_bits(random_bits(a) ^ b) ^ c) >> 11) * 0x1p-53;
}

constexpr int prompts = 3;

/// Percentage points. Four components in five matter little, as in the published searches.
inline double drop(int family, int component) {
  const double size = fraction(1, family, component);
  return size < 0.8 ? 0.2 * size : 3 + 8 * (size - 0.8);
}

inline std::vector<double> full_per_prompt(int family) {
  std::vector<double> differences;
  for (int prompt = 0; prompt < prompts; ++prompt)
    differences.push_back(2 + fraction(2, family, prompt));
  return differences;
}

inline std::vector<double> logit_differences(int family, const Circuit& circuit) {
  std::vector<double> differences = full_per_prompt(family);
  for (int prompt = 0; prompt < prompts; ++prompt) {
    double lost_percent = 0;
    std::uint64_t removed_above = 0;
    const auto lose = [&](int number, double share) {
      const double interaction = fraction(3, removed_above, number * prompts + prompt) - 0.5;
      lost_percent += share * drop(family, number) * (1 + 0.1 * interaction);
      removed_above = random_bits(removed_above ^ static_cast<std::uint64_t>(number));
    };
    for (int layer = circuit.layers() - 1; layer >= 0; --layer) {
      for (int head = 0; head < circuit.heads(); ++head)
        for (int p = 0; p < circuit.positions(); ++p)
          if (!circuit.keeps(layer, head, p))
            lose((layer * circuit.heads() + head) + 1000 * p, 1.0 / circuit.positions());
      // Without every other MLP the score is higher: then more can be removed than before.
      if (!circuit.keeps_mlp(layer)) lose(10000 + layer, layer % 2 == 0 ? -5 : 1);
    }
    differences[prompt] *= 1 - lost_percent / 100;
  }
  return differences;
}

/// The plain search, one circuit after the other, on some of the prompts if they are named.
struct Expected {
  std::vector<double> scores, ranking;
  std::vector<std::vector<double>> per_prompt;  // by decision
  std::vector<bool> removed;
  std::set<Circuit> wanted;  // by the decisions
  Circuit kept;              // in the end
};

inline Expected plain_search(int family, const SearchRule& rule,
                             const std::vector<int>& named = {}) {
  Expected expected;
  const auto of_named = [&](const std::vector<double>& all) {
    if (named.empty()) return all;
    std::vector<double> some;
    for (const int prompt : named) some.push_back(all[static_cast<std::size_t>(prompt)]);
    return some;
  };
  const double full_mean = mean(of_named(full_per_prompt(family)));
  const auto score = [&](const Circuit& circuit) {
    return scored(of_named(logit_differences(family, circuit)), full_mean);
  };
  GreedySearch search(rule);
  while (!search.finished()) {
    if (search.next_step() == GreedySearch::Step::rank_layer) {
      std::vector<double> layer;
      for (const Circuit& circuit : search.wanted_for_ranking())
        layer.push_back(score(circuit).score_percent);
      search.rank(layer);
      continue;
    }
    expected.wanted.insert(search.wanted());
    const Evaluation evaluation = score(search.wanted());
    expected.scores.push_back(evaluation.score_percent);
    expected.per_prompt.push_back(evaluation.per_prompt);
    expected.removed.push_back(search.tell(evaluation.score_percent).removed);
  }
  expected.kept = search.kept();
  for (const RankedHead& each : search.ranking()) expected.ranking.push_back(each.score_percent);
  return expected;
}

}  // namespace headsweep::made_up
