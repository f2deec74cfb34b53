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

TEST(Circuit, IsOrderedByWhatItKeepsSoThatCommonPrefixesAreNeighbours) {
  const Circuit low = without(everything, 0, 0), high = without(everything, 2, 3);
  EXPECT_LT(nothing, low);
  EXPECT_LT(low, high);
  EXPECT_LT(high, everything);
}

}  // namespace
}  // namespace headsweep
