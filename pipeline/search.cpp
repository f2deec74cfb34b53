#include "pipeline/search.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace headsweep {

std::vector<Circuit> single_removals(const Circuit& circuit, int layer) {
  std::vector<Circuit> result;
  for (int head = 0; head < circuit.heads(); ++head)
    result.emplace_back(circuit).remove(layer, head);
  return result;
}

GreedySearch::GreedySearch(SearchRule rule)
    : rule_(std::move(rule)), kept_(rule_.layers, rule_.heads, Circuit::Start::everything) {
  if (rule_.order == Order::backward)
    for (int layer = rule_.layers - 1; layer >= 0; --layer)
      for (int head = 0; head < rule_.heads; ++head) order_.push_back({layer, head});
}

GreedySearch::Step GreedySearch::next_step() const {
  if (decisions_.size() < order_.size()) return Step::decide_head;
  return ranked_next() >= 0 ? Step::rank_layer : Step::nothing;
}

int GreedySearch::ranked_next() const {
  return rule_.layers - 1 - static_cast<int>(order_.size()) / std::max(rule_.heads, 1);
}

Circuit GreedySearch::wanted() const {
  assert(next_step() == Step::decide_head);
  Circuit trial = kept_;
  trial.remove(next_head().layer, next_head().head);
  return trial;
}

const Decision& GreedySearch::tell(double score_percent) {
  const ForcedDecision* forced = rule_.forced.empty() ? nullptr : &rule_.forced[decisions_.size()];
  const double lost = 100 - (forced != nullptr ? forced->score_percent : score_percent);
  const bool removed = forced != nullptr ? forced->removed : lost < rule_.threshold_percent;
  const Decision decision{next_head(), score_percent, lost - rule_.threshold_percent, removed};
  if (removed) {
    kept_ = wanted();
    score_percent_ = score_percent;
  }
  decisions_.push_back(decision);
  return decisions_.back();
}

std::vector<Circuit> GreedySearch::wanted_for_ranking() const {
  assert(next_step() == Step::rank_layer);
  return single_removals(kept_, ranked_next());
}

void GreedySearch::rank(std::span<const double> scores_percent) {
  assert(next_step() == Step::rank_layer && std::cmp_equal(scores_percent.size(), rule_.heads));
  std::vector<RankedHead> layer;
  for (int head = 0; head < rule_.heads; ++head)
    layer.push_back({{ranked_next(), head}, scores_percent[static_cast<std::size_t>(head)]});
  ranking_.insert(ranking_.end(), layer.begin(), layer.end());
  // Equal scores: by number, so that the order is the same everywhere.
  std::ranges::stable_sort(layer, std::greater<>(), &RankedHead::score_percent);
  for (const RankedHead& each : layer) order_.push_back(each.head);
}

int GreedySearch::disagreements(const Circuit& circuit) const {
  return static_cast<int>(std::ranges::count_if(decisions_, [&](const Decision& decision) {
    return circuit.keeps(decision.head.layer, decision.head.head) == decision.removed;
  }));
}

}  // namespace headsweep
