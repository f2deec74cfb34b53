#include "model/circuit_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int layers = 4, heads = 4;
const std::vector<int> every_head = {0, 1, 2, 3};

/// Three rows, all kept (positions: all). Of the two names, each stands for all of them.
const KeptRows everywhere{{{1, 1, 1}, {1, 1, 1}}, {1, 1, 1}};
/// Three rows, of which the names stand in the first and the last.
const KeptRows at_names{{{1, 0, 0}, {0, 0, 1}}, {1, 0, 1}};

Circuit keeping(const std::vector<std::pair<int, int>>& kept) {
  Circuit circuit(layers, heads, Circuit::Start::nothing);
  for (const auto& [layer, head] : kept) circuit.keep(layer, head);
  return circuit;
}

Circuit everything_but(const std::vector<std::pair<int, int>>& removed) {
  Circuit circuit(layers, heads, Circuit::Start::everything);
  for (const auto& [layer, head] : removed) circuit.remove(layer, head);
  return circuit;
}

TEST(CircuitPlan, OfTheFullModelComputesEveryHeadAndReplacesNone) {
  const CircuitPlan full = plan_full_model(layers, heads);
  EXPECT_EQ(full.last_attending, layers - 1);
  const CircuitPlan circuit = plan_circuit(everything_but({}), everywhere);
  EXPECT_EQ(circuit.last_attending, layers - 1);
  for (const CircuitPlan& plan : {full, circuit}) {
    ASSERT_EQ(plan.layers.size(), layers);
    for (const LayerPlan& layer : plan.layers) {
      EXPECT_EQ(layer.form, HeadForm::every_head);
      EXPECT_EQ(layer.heads, every_head);
      EXPECT_FALSE(layer.replaces);
    }
  }
}

TEST(CircuitPlan, OfNothingComputesNoHeadAndOnlyTheLastPositions) {
  const CircuitPlan plan = plan_circuit(keeping({}), everywhere);
  EXPECT_EQ(plan.last_attending, -1);
  for (const LayerPlan& layer : plan.layers) {
    EXPECT_EQ(layer.form, HeadForm::packed);
    EXPECT_THAT(layer.heads, IsEmpty());
    EXPECT_FALSE(layer.replaces);
  }
}

TEST(CircuitPlan, TheFirstReducedLayerSharesAllHeadsAndReplacesSome) {
  const CircuitPlan plan = plan_circuit(everything_but({{2, 0}, {2, 1}, {2, 3}}), everywhere);
  EXPECT_EQ(plan.layers[2].form, HeadForm::every_head);
  EXPECT_EQ(plan.layers[2].heads, every_head);
  EXPECT_TRUE(plan.layers[2].replaces);
  EXPECT_FALSE(plan.layers[1].replaces);
  EXPECT_FALSE(plan.layers[3].replaces);
}

TEST(CircuitPlan, AFirstReducedLayerThatKeepsNothingComputesNothing) {
  const CircuitPlan plan =
      plan_circuit(everything_but({{1, 0}, {1, 1}, {1, 2}, {1, 3}}), everywhere);
  EXPECT_THAT(plan.layers[1].heads, IsEmpty());
  EXPECT_EQ(plan.layers[1].form, HeadForm::packed);
  EXPECT_FALSE(plan.layers[1].replaces);
  EXPECT_EQ(plan.last_attending, 3);
}

TEST(CircuitPlan, AboveItOnlyKeptHeadsAreComputed) {
  const CircuitPlan plan =
      plan_circuit(everything_but({{0, 0}, {1, 1}, {2, 0}, {2, 2}}), everywhere);
  for (const int layer : {1, 2}) {
    EXPECT_EQ(plan.layers[static_cast<std::size_t>(layer)].form, HeadForm::packed);
    EXPECT_FALSE(
        plan.layers[static_cast<std::size_t>(layer)].replaces);  // what is not kept is not computed
  }
  EXPECT_THAT(plan.layers[1].heads, ElementsAre(0, 2, 3));
  EXPECT_THAT(plan.layers[2].heads, ElementsAre(1, 3));
  EXPECT_EQ(plan.layers[3].form, HeadForm::every_head);
}

TEST(CircuitPlan, MoreThanThreeQuartersOfTheHeadsAreComputedAsAll) {
  Circuit circuit(2, 8, Circuit::Start::everything);
  circuit.remove(0, 0);
  circuit.remove(1, 5);
  EXPECT_EQ(plan_circuit(circuit, everywhere).layers[1].form, HeadForm::every_head);
  EXPECT_TRUE(plan_circuit(circuit, everywhere).layers[1].replaces);
  circuit.remove(1, 6);  // 6 of 8: exactly three quarters
  EXPECT_EQ(plan_circuit(circuit, everywhere).layers[1].form, HeadForm::packed);
}

TEST(CircuitPlan, OnlyTheLastPositionsMatterFromTheHighestLayerThatAttends) {
  EXPECT_EQ(plan_circuit(keeping({{0, 1}, {2, 3}}), everywhere).last_attending, 2);
  EXPECT_EQ(plan_circuit(keeping({{0, 1}}), everywhere).last_attending, 0);
  EXPECT_EQ(plan_circuit(keeping({{3, 0}}), everywhere).last_attending, 3);
}

TEST(CircuitPlan, RowsThatAreNotKeptAreReplacedInKeptHeadsToo) {
  const CircuitPlan plan = plan_circuit(everything_but({{0, 0}, {2, 1}, {2, 2}}), at_names);
  for (const std::size_t layer : {0, 1, 2, 3}) EXPECT_TRUE(plan.layers[layer].replaces) << layer;
  EXPECT_THAT(plan.layers[2].heads, ElementsAre(0, 3));
}

TEST(CircuitPlan, AHeadIsComputedIfAnyPositionThatStandsInARowKeepsIt) {
  const KeptRows second_name_nowhere{{{1, 0, 0}, {0, 0, 0}}, {1, 0, 0}};
  Circuit circuit(2, 4, Circuit::Start::nothing, 2);
  circuit.keep(1, 2, 0);
  circuit.keep(1, 3, 1);
  EXPECT_THAT(plan_circuit(circuit, at_names).layers[1].heads, ElementsAre(2, 3));
  EXPECT_THAT(plan_circuit(circuit, second_name_nowhere).layers[1].heads, ElementsAre(2));
  EXPECT_TRUE(plan_circuit(circuit, at_names).layers[1].replaces);
  EXPECT_EQ(plan_circuit(circuit, at_names).last_attending, 1);
}

TEST(CircuitPlan, AHeadKeptAtNamesThatCoverEveryRowIsNotReplaced) {
  const KeptRows halves{{{1, 1, 0}, {0, 0, 1}}, {1, 1, 1}};
  Circuit circuit(2, 2, Circuit::Start::nothing, 2);
  circuit.keep(1, 0, 0);
  circuit.keep(1, 0, 1);
  EXPECT_FALSE(plan_circuit(circuit, halves).layers[1].replaces);
  circuit.keep(1, 1, 0);
  EXPECT_TRUE(plan_circuit(circuit, halves).layers[1].replaces);
}

TEST(CircuitPlan, AnMlpIsComputedWhereItIsKeptAndNotAtAllIfThatIsNowhere) {
  const KeptRows nowhere{{{0, 0, 0}}, {0, 0, 0}};
  Circuit circuit(layers, heads, Circuit::Start::everything, 1, Components::heads_and_mlps);
  circuit.remove(Component::mlp_of(2));
  const auto form = [&](const KeptRows& kept, std::size_t layer) {
    return plan_circuit(circuit, kept).layers[layer].mlp;
  };
  EXPECT_EQ(form(everywhere, 1), MlpForm::computed);
  EXPECT_EQ(form(everywhere, 2), MlpForm::ablated);
  EXPECT_EQ(form(at_names, 1), MlpForm::kept_where_named);
  EXPECT_EQ(form(at_names, 2), MlpForm::ablated);
  EXPECT_EQ(form(nowhere, 1), MlpForm::ablated);
}

TEST(CircuitPlan, WhatTakesNoPartIsComputedInEveryRow) {
  for (const LayerPlan& layer : plan_circuit(keeping({}), at_names).layers)
    EXPECT_EQ(layer.mlp, MlpForm::computed);
  const Circuit of_mlps(layers, heads, Circuit::Start::nothing, 1, Components::mlps);
  for (const LayerPlan& layer : plan_circuit(of_mlps, at_names).layers) {
    EXPECT_EQ(layer.heads, every_head);
    EXPECT_FALSE(layer.replaces);
    EXPECT_EQ(layer.mlp, MlpForm::ablated);
  }
}

TEST(KeepMask, HasARowForEachRowAndAColumnForEachComputedHead) {
  const Circuit circuit = keeping({{1, 0}, {1, 3}});
  EXPECT_THAT(keep_mask(circuit, 1, {0, 1, 3}, {0, 1, 2}, at_names),
              ElementsAre(1, 0, 1, 0, 0, 0, 1, 0, 1));
  EXPECT_THAT(keep_mask(circuit, 1, {0, 1, 3}, {0, 1, 2}, everywhere),
              ElementsAre(1, 0, 1, 1, 0, 1, 1, 0, 1));
  EXPECT_THAT(keep_mask(circuit, 1, {3}, {2, 1}, at_names), ElementsAre(1, 0));
  EXPECT_THAT(keep_mask(circuit, 2, {0}, {0}, everywhere), ElementsAre(0));
}

TEST(KeepMask, OfACircuitPerPositionKeepsAHeadWhereItsNamesStand) {
  Circuit circuit(2, 2, Circuit::Start::nothing, 2);
  circuit.keep(1, 0, 1);
  circuit.keep(1, 1, 0);
  EXPECT_THAT(keep_mask(circuit, 1, {0, 1}, {0, 1, 2}, at_names), ElementsAre(0, 1, 0, 0, 1, 0));
}

}  // namespace
}  // namespace headsweep
