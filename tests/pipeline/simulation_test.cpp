// What a simulation says must be, whatever the machine: limits that can be reckoned by hand.
#include "pipeline/scaling/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "tests/golden.h"

namespace headsweep {
namespace {

const ReplayedTrace& published() {
  static const ReplayedTrace trace(read_trace(golden::reference("add2.csv")), "the seed");
  return trace;
}

/// Deeper layers take longer; circuits one at a time.
FamilyCost family_cost() {
  FamilyCost cost;
  for (int layer = 0; layer < 24; ++layer) cost.evaluation_seconds.push_back(0.1 - 0.003 * layer);
  cost.family_seconds = 2;
  cost.baseline_seconds = 1;
  return cost;
}

constexpr double search_of_one = 16 * (24 * 0.1 - 0.003 * 276);

ClusterCost instant() {
  return {.broadcast_bytes_per_second = 1, .message_seconds = 0, .handling_seconds = 0};
}

TEST(Simulation, OneRankTakesTheSumOfTheTimes) {
  ClusterCost cluster = instant();
  cluster.loading_seconds = 7;
  cluster.checkpoint_bytes = 1e12;  // which stay where they are
  const auto result = simulate(published(), cluster, equal_families(family_cost(), 3), 1);
  EXPECT_NEAR(result.seconds, 7 + 3 * (1 + 2 + search_of_one), 1e-6);
  EXPECT_EQ(result.waves, 3 * 384);
  EXPECT_EQ(result.evaluations, 3 * 384);
  EXPECT_EQ(result.discarded, 0);
  EXPECT_NEAR(result.compute_seconds, 3 * search_of_one, 1e-6);
}

TEST(Simulation, AsManyRanksAsFamiliesIsNearlyPerfect) {
  ClusterCost cluster = instant();
  cluster.message_seconds = 20e-6;
  cluster.handling_seconds = 100e-6;
  const auto one = simulate(published(), cluster, equal_families(family_cost(), 16), 1),
             many = simulate(published(), cluster, equal_families(family_cost(), 16), 16);
  EXPECT_GT(one.seconds / many.seconds, 16 * 0.99);
  EXPECT_LE(one.seconds / many.seconds, 16);
}

TEST(Simulation, ARankMoreNeverMakesItMuchSlowerAndNeverFasterThanItsShare) {
  double before = 0;
  for (const int ranks : {1, 2, 3, 5, 8, 16, 64, 256}) {
    const auto result = simulate(published(), instant(), equal_families(family_cost(), 5), ranks);
    const double speed = 1 / result.seconds;
    EXPECT_GT(speed, before * 0.97) << ranks;
    EXPECT_LE(result.compute_seconds, ranks * result.seconds) << ranks;
    before = speed;
  }
}

TEST(Simulation, OneFamilyOnManyRanksFollowsTheNumberOfWaves) {
  FamilyCost cost = family_cost();
  std::ranges::fill(cost.evaluation_seconds, 0.1);
  for (const int ranks : {2, 8, 64}) {
    const auto result = simulate(published(), instant(), equal_families(cost, 1), ranks);
    // Two seconds more for each rank that joins: side by side, within its first wave.
    EXPECT_NEAR(result.seconds, 0.1 * result.waves + 1 + 2 + 2, 0.2) << ranks;
    EXPECT_LT(result.waves, 384) << ranks;
    EXPECT_EQ(result.evaluations - result.discarded, 384) << ranks;
  }
}

TEST(Simulation, WithoutSpeculationFurtherRanksDoNothingForOneFamily) {
  SimulatedWork work = equal_families(family_cost(), 1);
  work.speculation = Speculation::off;
  const auto one = simulate(published(), instant(), work, 1);
  const auto many = simulate(published(), instant(), work, 32);
  EXPECT_EQ(many.waves, 384);
  EXPECT_NEAR(many.seconds, one.seconds, 2.1);
}

TEST(Simulation, CheapFurtherCircuitsMakeOneRankFaster) {
  FamilyCost cost = family_cost();
  cost.circuits_side_by_side = 4;
  cost.further_circuit = 0.1;
  const auto result = simulate(published(), instant(), equal_families(cost, 1), 1);
  EXPECT_LT(result.search_seconds, 0.7 * search_of_one);
  EXPECT_GT(result.discarded, 0);
}

TEST(Simulation, WhatEarlierStartsHaveDecidedTakesNoTime) {
  SimulatedWork work = equal_families(family_cost(), 1);
  work.families[0].decided = 384 - 16;
  const auto result = simulate(published(), instant(), work, 1);
  EXPECT_EQ(result.evaluations, 16);
  EXPECT_NEAR(result.seconds, 1 + 2 + 16 * 0.1, 1e-6);
}

TEST(Simulation, LoadingAndTheCheckpointsWayCount) {
  ClusterCost cluster = instant();
  cluster.loading_seconds = 3;
  cluster.checkpoint_bytes = 5;
  const auto result = simulate(published(), cluster, equal_families(family_cost(), 1), 2);
  EXPECT_NEAR(result.seconds - result.search_seconds, 3 + 5, 1e-9);
}

TEST(Simulation, CostsOfAnotherModelAreRefused) {
  FamilyCost cost = family_cost();
  cost.evaluation_seconds.pop_back();
  EXPECT_THAT([&] { simulate(published(), instant(), equal_families(cost, 1), 2); },
              testing::ThrowsMessage<UserError>(
                  testing::AllOf(testing::HasSubstr("23 layers"), testing::HasSubstr("with 24"))));
}

TEST(ReplayedTrace, KnowsTheScoresOfItsCircuitsAndNoOthers) {
  GreedySearch search(published().rule());
  EXPECT_EQ(published().score_percent(search.wanted()), published().scores_percent()[0]);
  EXPECT_TRUE(std::isnan(published().score_percent(Circuit(24, 16, Circuit::Start::nothing))));
}

TEST(ReplayedTrace, OneThatIsNoWholeSearchIsRefused) {
  for (const auto& steps : {std::vector<TraceStep>{{1, 0, 99, true}},
                            {{0, 0, 99, true}, {1, 0, 99, true}},
                            {{1, 1, 99, true}, {1, 0, 99, true}, {0, 0, 9, true}, {0, 1, 9, true}}})
    EXPECT_THAT(
        [&] { ReplayedTrace(steps, "t.csv"); },
        testing::ThrowsMessage<UserError>(testing::HasSubstr("t.csv: is not a whole search")));
}

TEST(TypicalTrace, RemovesWhatTheGreedyRuleWouldAndAsManyAsUsual) {
  const double threshold = 4;
  const auto steps = typical_trace(24, 16, threshold);
  const ReplayedTrace replayed(steps, "");
  GreedySearch search({24, 16, Order::backward, threshold});
  int removed = 0;
  for (const TraceStep& step : steps) {
    EXPECT_EQ(search.tell(step.score_percent).removed, step.removed);
    removed += step.removed;
  }
  EXPECT_NEAR(removed / 384.0, 0.78, 0.04);
}

}  // namespace
}  // namespace headsweep
