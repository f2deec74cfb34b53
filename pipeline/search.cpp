#include "pipeline/search.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace headsweep {
namespace {

/// A layer's components that take part: its heads by number, at each position apart if `rule` says
/// so; and its MLP.
std::vector<Component> heads_of(int layer, const SearchRule& rule) {
  std::vector<Component> heads;
  if (!heads_take_part(rule.components)) return heads;
  for (int head = 0; head < rule.heads; ++head)
    for (int p = 0; p < rule.positions; ++p)
      heads.push_back({layer, head, Component::Kind::head,
                       rule.positions == 1 ? Component::every_position : p});
  return heads;
}
std::vector<Component> mlps_of(int layer, const SearchRule& rule) {
  if (!mlps_take_part(rule.components)) return {};
  return {Component::mlp_of(layer)};
}

}  // namespace

int SearchRule::decisions() const {
  return layers * ((heads_take_part(components) ? heads * positions : 0) +
                   (mlps_take_part(components) ? 1 : 0));
}

Circuit SearchRule::everything() const {
  return {layers, heads, Circuit::Start::everything, positions, components};
}

SearchRule search_rule(const Job& job, int layers, int heads) {
  SearchRule rule{layers, heads};
  rule.components = job.search.components;
  rule.granularity = job.search.granularity;
  return rule;
}

SearchRule for_family(SearchRule rule, int named_positions) {
  if (rule.granularity == Granularity::position) rule.positions = named_positions;
  return rule;
}

SearchRule for_family(SearchRule rule, const std::vector<std::string>& position_names) {
  return for_family(std::move(rule), static_cast<int>(position_names.size()));
}

SearchRule for_run(SearchRule rule, const RunSpec& run) {
  rule.order = run.order;
  rule.threshold_percent = run.threshold;
  return rule;
}

std::vector<Circuit> single_removals(const Circuit& circuit, int layer) {
  std::vector<Circuit> result;
  for (int head = 0; head < circuit.heads(); ++head)
    result.emplace_back(circuit).remove({layer, head});
  return result;
}

GreedySearch::GreedySearch(SearchRule rule) : rule_(std::move(rule)), kept_(rule_.everything()) {
  assert(rule_.order != Order::importance || rule_.positions == 1);
  if (rule_.order == Order::importance && heads_take_part(rule_.components)) {
    // Heads come when they are ranked.
    if (rule_.layers > 0) order_ = mlps_of(rule_.layers - 1, rule_);
    return;
  }
  direction_ = rule_.order == Order::forward ? Direction::forward : Direction::backward;
  order_ = pass_over(kept_, direction_);
}

/// What `kept` still keeps.
std::vector<Component> GreedySearch::pass_over(const Circuit& kept, Direction direction) const {
  std::vector<Component> pass;
  const auto add = [&](const std::vector<Component>& components) {
    std::ranges::copy_if(components, std::back_inserter(pass),
                         [&](const Component& each) { return kept.keeps(each); });
  };
  for (int i = 0; i < rule_.layers; ++i) {
    if (direction == Direction::forward) {
      add(heads_of(i, rule_));
      add(mlps_of(i, rule_));
    } else {
      add(mlps_of(rule_.layers - 1 - i, rule_));
      add(heads_of(rule_.layers - 1 - i, rule_));
    }
  }
  return pass;
}

GreedySearch::Step GreedySearch::next_step() const {
  if (decisions_.size() < order_.size()) return Step::decide;
  return ranked_next() >= 0 ? Step::rank_layer : Step::nothing;
}

int GreedySearch::ranked_next() const {
  if (rule_.order != Order::importance || !heads_take_part(rule_.components)) return -1;
  return rule_.layers - 1 - static_cast<int>(ranking_.size()) / std::max(rule_.heads, 1);
}

Circuit GreedySearch::wanted() const {
  assert(next_step() == Step::decide);
  Circuit trial = kept_;
  trial.remove(next());
  return trial;
}

const Decision& GreedySearch::tell(double score_percent) {
  const ForcedDecision* forced = rule_.forced.empty() ? nullptr : &rule_.forced[decisions_.size()];
  const double lost = 100 - (forced != nullptr ? forced->score_percent : score_percent);
  const bool removed = forced != nullptr ? forced->removed : lost < rule_.threshold_percent;
  const Decision decision{next(), score_percent, lost - rule_.threshold_percent, removed};
  if (removed) {
    kept_ = wanted();
    score_percent_ = score_percent;
    pass_removed_ = true;
  }
  decisions_.push_back(decision);
  if (coming().empty()) begin_pass(after_coming(kept_, false));
  return decisions_.back();
}

std::vector<Component> GreedySearch::after_coming(const Circuit& kept, bool removed) const {
  if (rule_.order != Order::alternate || !(pass_removed_ || removed)) return {};
  return pass_over(kept,
                   direction_ == Direction::backward ? Direction::forward : Direction::backward);
}

void GreedySearch::begin_pass(std::vector<Component> pass) {
  if (pass.empty()) return;
  pass_begin_ = decisions_.size();
  pass_removed_ = false;
  direction_ = direction_ == Direction::backward ? Direction::forward : Direction::backward;
  order_.insert(order_.end(), pass.begin(), pass.end());
}

std::vector<Circuit> GreedySearch::wanted_for_ranking() const {
  assert(next_step() == Step::rank_layer);
  return single_removals(kept_, ranked_next());
}

void GreedySearch::rank(std::span<const double> scores_percent) {
  assert(next_step() == Step::rank_layer && std::cmp_equal(scores_percent.size(), rule_.heads));
  const int number = ranked_next();
  std::vector<RankedHead> layer;
  for (int head = 0; head < rule_.heads; ++head)
    layer.push_back({{number, head}, scores_percent[static_cast<std::size_t>(head)]});
  ranking_.insert(ranking_.end(), layer.begin(), layer.end());
  // Equal scores: by number, so that the order is the same everywhere.
  std::ranges::stable_sort(layer, std::greater<>(), &RankedHead::score_percent);
  for (const RankedHead& each : layer) order_.push_back(each.head);
  if (number > 0) std::ranges::copy(mlps_of(number - 1, rule_), std::back_inserter(order_));
}

int GreedySearch::disagreements(const Circuit& circuit) const {
  int count = 0;
  for (std::size_t i = 0; i < decisions_.size(); ++i) {
    const auto& [component, score_percent, margin, removed] = decisions_[i];
    const bool final = removed || i >= pass_begin_;
    count += final && circuit.keeps(component) == removed ? 1 : 0;
  }
  return count;
}

}  // namespace headsweep
