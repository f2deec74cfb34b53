// How many waves the published search takes when circuits are scored before it is certain that
// they will be needed.
#include "pipeline/speculation.h"

#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/trace_file.h"
#include "tests/golden.h"

namespace headsweep {
namespace {

const std::vector<TraceStep>& published() {
  static const auto trace = read_trace(golden::reference("add2.csv"));
  return trace;
}

/// Replays a trace with so many evaluations in each wave. Only circuits on the way of the published
/// decisions have known scores, so nothing is learnt from the others.
int waves_of(const std::vector<TraceStep>& trace, const SearchRule& rule, std::size_t evaluations) {
  GreedySearch search(rule);
  RemovalOdds odds(rule);
  int waves = 0;
  while (!search.finished()) {
    ++waves;
    std::set<Circuit> scored;
    for (const Guess& guess :
         likely_circuits(search, odds, evaluations, [](const Circuit&) { return false; }))
      scored.insert(guess.circuit);
    EXPECT_LE(scored.size(), evaluations);
    EXPECT_TRUE(scored.contains(search.wanted())) << "a wave without a decision";
    while (!search.finished() && scored.contains(search.wanted()))
      odds.learn(search.tell(trace[search.decisions().size()].score_percent));
  }
  return waves;
}

class PublishedSearch : public testing::TestWithParam<std::pair<std::size_t, int>> {};

TEST_P(PublishedSearch, TakesNoMoreWavesThanAFixedProbabilityWould) {
  const auto [evaluations, fixed_probability_waves] = GetParam();
  const int waves = waves_of(published(), {24, 16, Order::backward, 3.0}, evaluations);
  EXPECT_LE(waves, fixed_probability_waves);
  RecordProperty("waves", waves);
  std::printf("%zu evaluations a wave: %d waves (fixed probability: %d)\n", evaluations, waves,
              fixed_probability_waves);
}

INSTANTIATE_TEST_SUITE_P(Waves, PublishedSearch,
                         testing::Values(std::pair(2, 221), std::pair(4, 140), std::pair(8, 100),
                                         std::pair(16, 75), std::pair(32, 61), std::pair(64, 51)),
                         [](const auto& info) { return std::to_string(info.param.first); });

TEST(Speculation, OneEvaluationAWaveIsThePlainSearch) {
  EXPECT_EQ(waves_of(published(), {24, 16, Order::backward, 3.0}, 1), 384);
}

std::vector<Guess> guesses(const GreedySearch& search, std::size_t most) {
  return likely_circuits(search, RemovalOdds(search.rule()), most,
                         [](const Circuit&) { return false; });
}

TEST(Speculation, BeginsWithWhatIsCertainAndGoesOnWithTheLikeliest) {
  const GreedySearch search({4, 8, Order::backward, 3.0});
  const auto found = guesses(search, 20);
  ASSERT_EQ(found.size(), 20u);
  EXPECT_EQ(found[0].circuit, search.wanted());
  EXPECT_EQ(found[0].probability, 1);
  for (std::size_t i = 1; i < found.size(); ++i) {
    EXPECT_LT(found[i].probability, 1);
    EXPECT_LE(found[i].probability, found[i - 1].probability);
  }
  std::set<Circuit> distinct;
  for (const Guess& guess : found) distinct.insert(guess.circuit);
  EXPECT_EQ(distinct.size(), found.size());
}

TEST(Speculation, GoesAcrossLayerBorders) {
  GreedySearch search({3, 2, Order::backward, 3.0});
  bool other_layer = false;
  for (const Guess& guess : guesses(search, 12)) other_layer |= guess.component.layer < 2;
  EXPECT_TRUE(other_layer);
}

TEST(Speculation, ARankingIsCertainAsAWholeAndNothingIsGuessedBehindIt) {
  const GreedySearch search({3, 5, Order::importance, 3.0});
  const auto found = guesses(search, 1);
  ASSERT_EQ(found.size(), 5u);
  for (const Guess& guess : found) EXPECT_EQ(guess.probability, 1);
  EXPECT_EQ(guesses(search, 100).size(), 5u);
}

TEST(Speculation, WhatIsKnownIsNotAskedForAgain) {
  const GreedySearch search({3, 5, Order::importance, 3.0});
  const Circuit known = search.wanted_for_ranking()[3];
  const auto found = likely_circuits(search, RemovalOdds(search.rule()), 9,
                                     [&](const Circuit& circuit) { return circuit == known; });
  EXPECT_EQ(found.size(), 4u);
}

TEST(RemovalOdds, AHeadWithALargeEstimatedDropIsKeptAndOneWithASmallIsRemoved) {
  RemovalOdds odds({1, 4, Order::backward, 3.0});
  odds.estimate({0, 0}, 20);
  odds.estimate({0, 1}, 0.01);
  EXPECT_LT(odds.removal(odds.now(), {0, 0}), 0.1);
  EXPECT_GT(odds.removal(odds.now(), {0, 1}), 0.9);
  const double unknown = odds.removal(odds.now(), {0, 2});
  EXPECT_GT(unknown, 0.5);
  EXPECT_LT(unknown, 0.95);
}

TEST(RemovalOdds, ANearLineMakesRemovalLessLikely) {
  const SearchRule rule{1, 4, Order::backward, 3.0};
  RemovalOdds far(rule), near(rule);
  far.learn({{0, 0}, 100, -3, true});
  near.learn({{0, 0}, 97.01, -0.01, true});
  EXPECT_LT(near.removal(near.now(), {0, 1}), far.removal(far.now(), {0, 1}));
}

TEST(RemovalOdds, StayProbabilitiesWhateverTheScores) {
  RemovalOdds odds({1, 8, Order::backward, 0.0});
  int head = 0;
  for (const double score : {100.0, 1e300, -1e300, std::nan(""), 0.0}) {
    odds.estimate({0, head}, score);
    odds.learn({{0, head++}, score, 0, score > 0});
    const double removal = odds.removal(odds.after(odds.now(), {0, 7}, true), {0, 7});
    EXPECT_GE(removal, 0.02);
    EXPECT_LE(removal, 0.98);
  }
}

}  // namespace
}  // namespace headsweep
