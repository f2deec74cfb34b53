// A search held against an expected-values file, step by step: order, scores, decisions.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pipeline/evaluator.h"
#include "pipeline/search.h"
#include "tests/golden.h"

namespace headsweep::golden {

inline Order order(const Json& expected) {
  for (const Order order : {Order::backward, Order::forward, Order::alternate})
    if (expected["order"] == name_of(order)) return order;
  return Order::importance;
}

/// The rule of an expected search, for a family with these position names.
inline SearchRule search_rule(const Json& expected, const ModelConfig& config,
                              const std::vector<std::string>& position_names) {
  SearchRule rule{config.layers, config.heads, order(expected), expected["threshold"]};
  rule.components = components(expected);
  if (expected.value("granularity", "component") == "position")
    rule.granularity = Granularity::position;
  return for_family(rule, position_names);
}

/// What a step of an expected search tries.
inline Component component_of(const Json& step, const std::vector<std::string>& position_names) {
  if (step[1] == "mlp") return Component::mlp_of(step[0]);
  Component head{step[0], step[1]};
  if (step.size() > 4)
    head.position = static_cast<int>(std::ranges::find(position_names, step[4].get<std::string>()) -
                                     position_names.begin());
  return head;
}

class Search {
 public:
  Search(const Json& expected, Evaluator& evaluator, const ModelConfig& config,
         const std::vector<std::string>& position_names, double score_tolerance)
      : expected_(expected),
        evaluator_(evaluator),
        position_names_(position_names),
        score_tolerance_(score_tolerance),
        search_(golden::search_rule(expected, config, position_names)) {}

  /// The whole search. False if a close decision fell the other way: from there on the circuits are
  /// others than the reference's, and their scores are not compared.
  bool makes_the_references_decisions() {
    for (const Json& step : expected_["trace"]) {
      if (search_.next_step() == GreedySearch::Step::rank_layer) rank_layer();
      if (search_.next_step() != GreedySearch::Step::decide) {
        ADD_FAILURE() << "the search ends before layer " << step[0] << ", " << step[1];
        return false;
      }
      decide(step);
    }
    EXPECT_TRUE(search_.finished());
    EXPECT_EQ(search_.ranking().size(), expected_.value("single_removals", Json::array()).size());
    return same_way_;
  }

  const Circuit& kept() const { return search_.kept(); }

 private:
  void decide(const Json& step) {
    const double expected_score = step[2];
    const double margin = 100 - expected_score - expected_["threshold"].get<double>();
    const Decision& decision = search_.tell(evaluator_.evaluate(search_.wanted()).score_percent);
    EXPECT_EQ(decision.component, component_of(step, position_names_)) << step;
    if (!same_way_) return;
    EXPECT_NEAR(decision.score_percent, expected_score, score_tolerance_);
    if (std::abs(margin) >= score_tolerance_) {
      EXPECT_EQ(decision.removed, step[3].get<bool>());
    }
    same_way_ = decision.removed == step[3].get<bool>();
  }

  /// Ranks by the reference's scores, not by those found: rounding may swap two heads that are
  /// closer than its error, and every later circuit would be another one.
  void rank_layer() {
    std::vector<double> found, scores;
    for (const Evaluation& each : evaluator_.evaluate(search_.wanted_for_ranking()))
      found.push_back(each.score_percent);
    const int layer = search_.ranked_next();
    const Json& removals = expected_["single_removals"];
    for (std::size_t head = 0; head < found.size(); ++head) {
      const Json& removal = removals.at(search_.ranking().size() + head);
      EXPECT_EQ(removal[0], layer);
      EXPECT_EQ(removal[1], head);
      scores.push_back(removal[2]);
      if (same_way_) {
        EXPECT_NEAR(found[head], scores[head], score_tolerance_) << layer << ' ' << head;
      }
    }
    GreedySearch by_found = search_;
    by_found.rank(found);
    search_.rank(scores);
    if (same_way_) expect_order(by_found.coming(), scores);
  }

  /// Both orders hold the same scores from place to place, but for the errors of two scores.
  void expect_order(std::span<const Component> found, const std::vector<double>& scores) const {
    const std::span<const Component> expected = search_.coming();
    const auto score = [&](const Component& each) {
      return scores[static_cast<std::size_t>(each.head)];
    };
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t place = 0; place < found.size(); ++place) {
      if (expected[place].head ==
          Component::no_head) {  // the next layer's MLP, which is not ranked
        ASSERT_EQ(found[place], expected[place]);
        continue;
      }
      EXPECT_NEAR(score(found[place]), score(expected[place]), 2 * score_tolerance_)
          << "layer " << found[place].layer << ": head " << found[place].head << " in place of "
          << expected[place].head;
    }
  }

  const Json& expected_;
  Evaluator& evaluator_;
  std::vector<std::string> position_names_;
  double score_tolerance_;  // percentage points
  GreedySearch search_;
  bool same_way_ = true;
};

}  // namespace headsweep::golden
