// How many circuits a rank scores side by side: what it costs, against what it is likely to bring.
#include "pipeline/wave_cost.h"

#include <gtest/gtest.h>

namespace headsweep {
namespace {

std::vector<Guess> guesses(std::initializer_list<double> probabilities) {
  std::vector<Guess> all;
  for (const double probability : probabilities) all.push_back({{}, probability, {}});
  return all;
}

const std::vector<Guess> likely = guesses({1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65});

/// A cost that knows what one circuit takes, and a further one.
WaveCost measured(int most, double one, double further) {
  WaveCost cost(most);
  cost.begin_layer();
  cost.end_wave();
  cost.observe(1, one);
  cost.observe(2, one + further);
  return cost;
}

TEST(WaveCost, FirstFindsOutWhatOneCircuitCostsThenTwo) {
  WaveCost cost(8);
  cost.begin_layer();
  EXPECT_EQ(cost.best_share(likely, 1), 1u);
  cost.end_wave();
  cost.observe(1, 1.0);
  EXPECT_EQ(cost.best_share(likely, 1), 2u);
  cost.observe(2, 1.1);
  EXPECT_EQ(cost.best_share(likely, 1), 8u);
}

TEST(WaveCost, ADeviceThatScoresOneAtATimeGetsOne) {
  EXPECT_EQ(measured(1, 1.0, 0.0).best_share(likely, 1), 1u);
}

TEST(WaveCost, AFurtherCircuitThatCostsAsMuchAsTheFirstIsNotWorthIt) {
  EXPECT_EQ(measured(8, 1.0, 1.0).best_share(likely, 1), 1u);
}

TEST(WaveCost, FurtherCircuitsAreTakenWhileTheyBringMoreThanTheyCost) {
  const auto falling = guesses({1, 0.9, 0.8, 0.05, 0.01, 0.01});
  EXPECT_EQ(measured(8, 1.0, 0.3).best_share(falling, 1), 3u);
}

TEST(WaveCost, ManyRanksLeaveLittleThatIsLikelyForASecondCircuitEach) {
  EXPECT_EQ(measured(8, 1.0, 0.5).best_share(guesses({1, 0.9, 0.8, 0.7, 0.1, 0.1, 0.1, 0.1}), 4),
            1u);
}

TEST(WaveCost, EveryFourthLayerIsMeasuredAnewButForItsFirstWave) {
  WaveCost cost = measured(8, 1.0, 0.1);
  for (int layer = 1; layer < 4; ++layer) {
    cost.begin_layer();
    EXPECT_EQ(cost.best_share(likely, 1), 8u);
  }
  cost.begin_layer();
  cost.observe(1, 50.0);
  EXPECT_EQ(cost.best_share(likely, 1), 1u);  // nothing is known of this layer
  cost.end_wave();
  cost.observe(1, 1.0);
  cost.observe(2, 2.0);
  EXPECT_EQ(cost.best_share(likely, 1), 1u);
}

TEST(WaveCost, WhatElseTheMachineDoesIsNotTakenForTheCost) {
  WaveCost cost = measured(8, 1.0, 1.0);
  cost.observe(1, 30.0);
  cost.observe(2, 2.5);
  EXPECT_EQ(cost.best_share(likely, 1), 1u);
}

TEST(WaveCost, NoiseThatMakesAFurtherCircuitCheaperThanNothingIsNoHarm) {
  EXPECT_EQ(measured(4, 1.0, -0.5).best_share(likely, 1), 4u);
}

TEST(WaveCost, AShareIsNeverMoreThanThereAreGuesses) {
  EXPECT_EQ(measured(8, 1.0, 0.0).best_share(guesses({1, 0.9}), 1), 2u);
}

}  // namespace
}  // namespace headsweep
