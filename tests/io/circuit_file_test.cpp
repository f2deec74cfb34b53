#include "io/circuit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/complaints.h"
#include "tests/temporary_folder.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class ReadCircuit : public testing::Test {
 protected:
  CircuitFile read(const std::string& text, const std::string& name = "c.json") {
    return read_circuit(folder_.write(name, text));
  }
  std::string error(const std::string& text) {
    return complaint_from("c.json", [&] { read(text); });
  }
  TemporaryFolder folder_;
};

TEST_F(ReadCircuit, TakesHeads) {
  const CircuitFile circuit = read("{\"heads\":[[9,1],[0,11]]}");
  EXPECT_FALSE(circuit.per_position);
  EXPECT_THAT(circuit.heads, ElementsAre(Pair(9, 1), Pair(0, 11)));
  EXPECT_THAT(circuit.positions, IsEmpty());
}

TEST_F(ReadCircuit, TakesHeadsPerPositionInTheFilesOrder) {
  const CircuitFile circuit =
      read("positions:\n  S2: [[1, 2]]\n  end: []\n  S1:\n  - [1, 2]\n  - [3, 4]\n", "c.yaml");
  EXPECT_TRUE(circuit.per_position);
  ASSERT_EQ(circuit.positions.size(), 3u);
  EXPECT_EQ(circuit.positions[0].first, "S2");
  EXPECT_THAT(circuit.positions[1].second, IsEmpty());
  EXPECT_THAT(circuit.positions[2].second, ElementsAre(Pair(1, 2), Pair(3, 4)));
}

TEST_F(ReadCircuit, TakesTheEmptyCircuit) { EXPECT_THAT(read("{\"heads\": []}").heads, IsEmpty()); }

TEST_F(ReadCircuit, TakesMlpsBesideHeadsOrAlone) {
  const CircuitFile both = read("{\"heads\": [[0, 1]], \"mlps\": [3, 0]}");
  EXPECT_TRUE(both.heads_given);
  EXPECT_THAT(both.mlps, testing::Optional(ElementsAre(3, 0)));
  const CircuitFile alone = read("{\"mlps\": []}");
  EXPECT_FALSE(alone.heads_given);
  EXPECT_THAT(alone.mlps, testing::Optional(IsEmpty()));
  EXPECT_EQ(read("{\"heads\": []}").mlps, std::nullopt);
  EXPECT_TRUE(read("{\"positions\": {}, \"mlps\": [1]}").per_position);
}

TEST_F(ReadCircuit, RefusesWhatIsNoMlp) {
  EXPECT_THAT(error("{\"mlps\": [[0, 1]]}"), HasSubstr("c.json:1: mlps.0: must "));
  EXPECT_THAT(error("{\"mlps\": [-1]}"), HasSubstr("mlps.0: must be from 0 to "));
  EXPECT_EQ(error("{\"mlps\": [1,\n1]}"),
            "c.json:2: mlps.1: the MLP of layer 1 is there already; remove one");
}

TEST_F(ReadCircuit, WantsExactlyOneOfTheTwoKeys) {
  EXPECT_THAT(error("{}"), HasSubstr("c.json:1: holds no circuit"));
  EXPECT_THAT(error("{\"heads\": [],\n\"positions\": {}}"),
              HasSubstr("c.json:2: positions: stands beside 'heads'"));
  EXPECT_EQ(error("{\"head\": []}"), "c.json:1: head: unknown key (did you mean 'heads'?)");
  EXPECT_THAT(error("[[0, 1]]"), HasSubstr("must be a mapping"));
}

TEST_F(ReadCircuit, RefusesWhatIsNoHead) {
  EXPECT_THAT(error("{\"heads\": [[0, 1],\n[2]]}"),
              HasSubstr("c.json:2: heads.1: must be a head, [layer, head], but is a list of 1"));
  EXPECT_THAT(error("{\"heads\": [[0, 1, 2]]}"), HasSubstr("a list of 3"));
  EXPECT_THAT(error("{\"heads\": [[0, -1]]}"), HasSubstr("heads.0.1: must be from 0 to "));
  EXPECT_THAT(error("{\"heads\": [[0, 1.5]]}"), HasSubstr("heads.0.1: must be a whole number"));
  EXPECT_THAT(error("{\"heads\": [[0, \"1\"]]}"), HasSubstr("but is the text '1'"));
  EXPECT_THAT(error("{\"heads\": [[0, 3000000000]]}"), HasSubstr("must be from 0 to 2147483647"));
  EXPECT_THAT(error("{\"heads\": [0, 1]}"), HasSubstr("heads.0: must be a list, but is '0'"));
  EXPECT_THAT(error("{\"heads\": null}"), HasSubstr("heads: must be a list, but is empty"));
}

TEST_F(ReadCircuit, RefusesAHeadGivenTwice) {
  EXPECT_EQ(error("{\"heads\": [[0, 1],\n[2, 3],\n[0, 1]]}"),
            "c.json:3: heads.2: head [0, 1] is there already; remove one");
  EXPECT_THAT(error("{\"positions\": {\"S1\": [[0, 1], [0, 1]]}}"), HasSubstr("positions.S1.1: "));
  tried("input", "circuit files that name a head twice", "refused: names line and head");
}

}  // namespace
}  // namespace headsweep
