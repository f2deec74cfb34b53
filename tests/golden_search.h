// A search held against an expected-values file, step by step: order, scores, decisions.
#pragma once

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
  return expected["order"] == "importance" ? Order::importance : Order::backward;
}

class Search {
 public:
  Search(const Json& expected, Evaluator& evaluator, const Gpt2Config& config,
         double score_tolerance)
      : expected_(expected),
        evaluator_(evaluator),
        score_tolerance_(score_tolerance),
        search_({config.layers, config.heads, golden::order(expected), expected["threshold"]}) {}

  /// The whole search. False if a close decision fell the other way: from there on the circuits are
  /// others than the reference's, and their scores are not compared.
  bool makes_the_references_decisions() {
    for (const Json& step : expected_["trace"]) {
      if (search_.next_step() == GreedySearch::Step::rank_layer) rank_layer();
      if (search_.next_step() != GreedySearch::Step::decide_head) {
        ADD_FAILURE() << "the search ends before layer " << step[0] << ", head " << step[1];
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
    EXPECT_EQ(decision.head, (Head{step[0], step[1]}));
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
  void expect_order(std::span<const Head> found, const std::vector<double>& scores) const {
    const std::span<const Head> expected = search_.coming();
    const auto score = [&](Head head) { return scores[static_cast<std::size_t>(head.head)]; };
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t place = 0; place < found.size(); ++place)
      EXPECT_NEAR(score(found[place]), score(expected[place]), 2 * score_tolerance_)
          << "layer " << found[place].layer << ": head " << found[place].head << " in place of "
          << expected[place].head;
  }

  const Json& expected_;
  Evaluator& evaluator_;
  double score_tolerance_;  // percentage points
  GreedySearch search_;
  bool same_way_ = true;
};

}  // namespace headsweep::golden
