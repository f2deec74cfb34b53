// Which precisions a job's ladder has, and on which rung a decision begins.
#include "pipeline/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/guards.h"
#include "tests/complaints.h"

namespace headsweep {
namespace {

using testing::ElementsAre;

TEST(Ladder, HasTheRungsThatAreCheaperThanEveryMoreExactOne) {
  const Ladder with_tiles = make_ladder(
      Precision::automatic,
      std::vector<RungCost>{
          {Rung::bf16, 0.24}, {Rung::bf16x3, 0.52}, {Rung::fp32, 1}, {Rung::fp64, 2.2}});
  EXPECT_THAT(with_tiles.rungs, ElementsAre(Rung::bf16, Rung::bf16x3, Rung::fp32, Rung::fp64));
  EXPECT_THAT(with_tiles.costs, ElementsAre(0.25, 0.5, 1, 2));
  const Ladder without =
      make_ladder(Precision::automatic,
                  std::vector<RungCost>{
                      {Rung::bf16, 0.55}, {Rung::bf16x3, 1.6}, {Rung::fp32, 1}, {Rung::fp64, 2.2}});
  EXPECT_THAT(without.rungs, ElementsAre(Rung::bf16, Rung::fp32, Rung::fp64));
}

TEST(Ladder, EndsInFloat64WhateverItCosts) {
  const Ladder ladder =
      make_ladder(Precision::automatic, std::vector<RungCost>{{Rung::fp32, 1}, {Rung::fp64, 40}});
  EXPECT_THAT(ladder.rungs, ElementsAre(Rung::fp32, Rung::fp64));
}

TEST(Ladder, DoesNotHangOnTheNoiseOfTheMeasurement) {
  for (const double noise : {0.8, 0.9, 1.0, 1.1, 1.25}) {
    const Ladder ladder =
        make_ladder(Precision::automatic, std::vector<RungCost>{{Rung::bf16, 0.5 * noise},
                                                                {Rung::bf16x3, 1.6 * noise},
                                                                {Rung::fp32, 1},
                                                                {Rung::fp64, 2 * noise}});
    EXPECT_EQ(describe(ladder), "bf16 1/2, fp32 1, fp64 2") << noise;
  }
}

TEST(Ladder, OfANamedPrecisionHasItAndFloat64AndDoesNotClimb) {
  const std::vector<RungCost> all = {
      {Rung::bf16, 0.5}, {Rung::bf16x3, 1.6}, {Rung::fp32, 1}, {Rung::fp64, 2}};
  const Ladder ladder = make_ladder(Precision::bf16x3, all);
  EXPECT_THAT(ladder.rungs, ElementsAre(Rung::bf16x3, Rung::fp64));
  EXPECT_EQ(ladder.climbing, Climbing::never);
  EXPECT_EQ(describe(ladder), "bf16x3 only");
  EXPECT_THAT(make_ladder(Precision::fp64, all).rungs, ElementsAre(Rung::fp64));
}

TEST(Ladder, SaysWhatToDoWithoutTheProcessorForIt) {
  const std::vector<RungCost> at_hand = {{Rung::fp32, 1}, {Rung::fp64, 2}};
  EXPECT_THAT([&] { make_ladder(Precision::bf16, at_hand); },
              refuses_with("choose auto, fp32 or fp64"));
}

Guards guards_of(double bf16, double fp32) {
  Guards guards({{Rung::bf16, Rung::fp32, Rung::fp64}, {0.5, 1, 2}});
  guards.set_errors({bf16, fp32});
  return guards;
}

TEST(TheFirstRung, IsTheCheapOneWhereFewDecisionsAreTooNearForIt) {
  EXPECT_EQ(guards_of(0.01, 1e-5).cheapest_start({}, 3), 0);
  EXPECT_EQ(guards_of(0.01, 1e-5).cheapest_start(std::vector<double>(64, 1.0), 3), 0);
}

TEST(TheFirstRung, IsSkippedWhereMostWouldClimb) {
  EXPECT_EQ(guards_of(3, 1e-5).cheapest_start({}, 3), 1);
  const std::vector<double> all_near(64, 0.02);
  EXPECT_EQ(guards_of(0.01, 1e-5).cheapest_start(all_near, 3), 1);
  EXPECT_EQ(guards_of(0.01, 0.01).cheapest_start(all_near, 3), 2);
}

TEST(AGuard, IsAMultipleOfTheLargestErrorSeenAndNeverShrinks) {
  Guards guards = guards_of(0.1, 1e-5);
  EXPECT_DOUBLE_EQ(guards.of(0), guard_factor * 0.1);
  EXPECT_FALSE(guards.see(0, 0.05));
  EXPECT_DOUBLE_EQ(guards.of(0), guard_factor * 0.1);
  EXPECT_TRUE(guards.see(0, 0.2));
  EXPECT_DOUBLE_EQ(guards.of(0), guard_factor * 0.2);
  EXPECT_DOUBLE_EQ(guards.of(2), tie_points);
}

TEST(AGuard, IsNotZeroWhereTheCircuitsMeasuredHappenToBeExact) {
  EXPECT_GT(guards_of(0, 0).of(0), 0);
}

TEST(GuardCircuits, KeepAllHalfAndFewOfTheHeadsFromSeveralLayersOn) {
  const auto circuits = guard_circuits({24, 16});
  EXPECT_GE(circuits.size(), 6u);
  std::vector<int> first_reduced;
  for (const Circuit& circuit : circuits) first_reduced.push_back(circuit.first_reduced_layer());
  EXPECT_THAT(first_reduced, testing::IsSupersetOf({0, 8, 16, 23}));
  EXPECT_FALSE(guard_circuits({1, 1}).empty());
}

TEST(GuardCircuits, RemoveWhatTheSearchRemoves) {
  SearchRule rule{12, 8};
  rule.components = Components::heads_and_mlps;
  rule.positions = 3;
  int mlps = 0, everywhere = 0, somewhere = 0;
  for (const Circuit& circuit : guard_circuits(rule))
    for (int layer = 0; layer < 12; ++layer) {
      mlps += circuit.keeps_mlp(layer) ? 0 : 1;
      for (int head = 0; head < 8; ++head) {
        const int kept = circuit.keeps(layer, head, 0) + circuit.keeps(layer, head, 1) +
                         circuit.keeps(layer, head, 2);
        everywhere += kept == 0 ? 1 : 0;
        somewhere += kept == 1 || kept == 2 ? 1 : 0;
      }
    }
  EXPECT_GT(mlps, 12);
  EXPECT_GT(everywhere, 12);
  EXPECT_GT(somewhere, 12);
  rule.components = Components::mlps;
  rule.positions = 1;
  for (const Circuit& circuit : guard_circuits(rule)) {
    EXPECT_EQ(circuit.first_reduced_layer(), 12);
    EXPECT_NE(circuit, rule.everything());
  }
}

}  // namespace
}  // namespace headsweep
