#include "model/circuit.h"

#include <gtest/gtest.h>

namespace headsweep {
namespace {

const Circuit everything(3, 4, Circuit::Start::everything);
const Circuit nothing(3, 4, Circuit::Start::nothing);

Circuit without(Circuit circuit, int layer, int head, int position = 0) {
  circuit.remove(layer, head, position);
  return circuit;
}

TEST(Circuit, KeepsEverythingOrNothingToBeginWith) {
  for (int layer = 0; layer < 3; ++layer)
    for (int head = 0; head < 4; ++head) {
      EXPECT_TRUE(everything.keeps(layer, head));
      EXPECT_FALSE(nothing.keeps(layer, head));
    }
  EXPECT_EQ(everything.layers(), 3);
  EXPECT_EQ(everything.heads(), 4);
  EXPECT_EQ(everything.positions(), 1);
}

TEST(Circuit, ChangesTheNamedHeadAlone) {
  Circuit circuit = without(everything, 1, 2);
  for (int layer = 0; layer < 3; ++layer)
    for (int head = 0; head < 4; ++head)
      EXPECT_EQ(circuit.keeps(layer, head), layer != 1 || head != 2) << layer << '.' << head;
  EXPECT_NE(circuit, everything);
  circuit.keep(1, 2);
  EXPECT_EQ(circuit, everything);
}

TEST(Circuit, KeepsAHeadAtEachPositionApart) {
  Circuit circuit(2, 3, Circuit::Start::nothing, 4);
  circuit.keep(1, 0, 3);
  for (int layer = 0; layer < 2; ++layer)
    for (int head = 0; head < 3; ++head)
      for (int position = 0; position < 4; ++position)
        EXPECT_EQ(circuit.keeps(layer, head, position), layer == 1 && head == 0 && position == 3);
}

TEST(Circuit, PartsFromAnotherInTheLowestLayerInWhichTheyDiffer) {
  EXPECT_EQ(everything.first_difference(nothing), 0);
  EXPECT_EQ(everything.first_difference(everything), 3);
  EXPECT_EQ(everything.first_difference(without(everything, 0, 3)), 0);
  EXPECT_EQ(everything.first_difference(without(everything, 1, 0)), 1);
  EXPECT_EQ(without(everything, 2, 3).first_difference(without(everything, 1, 3)), 1);
  EXPECT_EQ(without(everything, 2, 3).first_difference(without(everything, 2, 0)), 2);
}

TEST(Circuit, IsReducedInTheLowestLayerThatDoesNotKeepEveryHead) {
  EXPECT_EQ(everything.first_reduced_layer(), 3);
  EXPECT_EQ(nothing.first_reduced_layer(), 0);
  EXPECT_EQ(without(without(everything, 2, 0), 1, 3).first_reduced_layer(), 1);
  EXPECT_EQ(without(Circuit(3, 4, Circuit::Start::everything, 5), 2, 3, 4).first_reduced_layer(),
            2);
}

TEST(Circuit, HasThePrefixOfAllThatDifferOnlyAbove) {
  const Circuit changed = without(everything, 1, 2);
  EXPECT_EQ(changed.prefix(0), nothing.prefix(0));
  EXPECT_EQ(changed.prefix(1), everything.prefix(1));
  EXPECT_NE(changed.prefix(2), everything.prefix(2));
  EXPECT_NE(everything.prefix(1), everything.prefix(2));
}

/// The residual stream before layer 2 of the one is not that before layer 1 of the other.
TEST(Circuit, HasNoPrefixInCommonWithOneOfOtherPositions) {
  const Circuit per_position(3, 4, Circuit::Start::everything, 2);
  EXPECT_NE(everything.prefix(2), per_position.prefix(1));
}

/// Of three layers of four heads and an MLP each.
Circuit with_mlps(const std::vector<int>& removed_mlps = {}) {
  Circuit circuit(3, 4, Circuit::Start::everything, 2, Components::heads_and_mlps);
  for (const int layer : removed_mlps) circuit.remove(Component::mlp_of(layer));
  return circuit;
}

TEST(Circuit, KeepsAndRemovesTheMlpOfALayerApartFromItsHeads) {
  Circuit circuit = with_mlps({1});
  for (int layer = 0; layer < 3; ++layer) {
    EXPECT_EQ(circuit.keeps_mlp(layer), layer != 1);
    for (int head = 0; head < 4; ++head) EXPECT_TRUE(circuit.keeps({layer, head}));
  }
  circuit.remove({1, 3});
  circuit.keep(Component::mlp_of(1));
  EXPECT_TRUE(circuit.keeps_mlp(1));
  EXPECT_FALSE(circuit.keeps(1, 3, 0));
  EXPECT_FALSE(circuit.keeps(1, 3, 1));
  EXPECT_FALSE(Circuit(3, 4, Circuit::Start::nothing, 2, Components::heads_and_mlps).keeps_mlp(2));
}

TEST(Circuit, KeepsMlpsThatTakeNoPart) {
  for (int layer = 0; layer < 3; ++layer) EXPECT_TRUE(nothing.keeps_mlp(layer));
}

TEST(Circuit, KeepsHeadsThatTakeNoPart) {
  const Circuit circuit(3, 4, Circuit::Start::nothing, 1, Components::mlps);
  EXPECT_EQ(circuit.first_reduced_layer(), 3);
  EXPECT_FALSE(circuit.keeps_mlp(0));
  EXPECT_EQ(circuit.of_heads(), everything);
}

TEST(Circuit, RemovesAHeadAtOnePositionOrAtAll) {
  Circuit circuit = with_mlps();
  circuit.remove({2, 0, Component::Kind::head, 1});
  EXPECT_TRUE(circuit.keeps({2, 0}));
  EXPECT_TRUE(circuit.keeps({2, 0, Component::Kind::head, 0}));
  EXPECT_FALSE(circuit.keeps({2, 0, Component::Kind::head, 1}));
  circuit.remove({2, 0});
  EXPECT_FALSE(circuit.keeps({2, 0}));
}

/// The MLP comes after its layer's heads: what is below the next layer depends on it.
TEST(Circuit, MlpsTakePartInPrefixesDifferencesAndComparison) {
  EXPECT_EQ(with_mlps({1}).prefix(1), with_mlps().prefix(1));
  EXPECT_NE(with_mlps({1}).prefix(2), with_mlps().prefix(2));
  EXPECT_EQ(with_mlps().first_difference(with_mlps({1})), 1);
  EXPECT_EQ(with_mlps({2}).first_difference(with_mlps({2})), 3);
  EXPECT_LT(with_mlps({0}), with_mlps({2}));
  EXPECT_NE(with_mlps().prefix(1), Circuit(3, 4, Circuit::Start::everything, 2).prefix(1));
}

TEST(Circuit, ALayerThatLacksOnlyItsMlpHasItsHeads) {
  EXPECT_EQ(with_mlps({0, 1, 2}).first_reduced_layer(), 3);
  Circuit circuit = with_mlps({0});
  circuit.remove({1, 2});
  EXPECT_EQ(circuit.first_reduced_layer(), 1);
  Circuit heads(3, 4, Circuit::Start::everything, 2);
  heads.remove({1, 2});
  EXPECT_EQ(circuit.of_heads(), heads);
}

TEST(Circuit, IsOrderedByWhatItKeepsSoThatCommonPrefixesAreNeighbours) {
  const Circuit low = without(everything, 0, 0), high = without(everything, 2, 3);
  EXPECT_LT(nothing, low);
  EXPECT_LT(low, high);
  EXPECT_LT(high, everything);
}

}  // namespace
}  // namespace headsweep
