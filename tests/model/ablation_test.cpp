// Where a kept head is kept. What ablated heads are replaced with is tested by
// circuit_forward_test.
#include "model/ablation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headsweep {
namespace {

using testing::ElementsAre;

/// Prompts of these lengths; the tokens do not matter.
PromptBatch batch(const std::vector<std::size_t>& lengths,
                  const std::vector<std::vector<int>>& positions) {
  PromptBatch result;
  for (const std::size_t length : lengths) result.tokens.emplace_back(length, 1);
  result.position_names = {"S1", "end"};
  result.positions = positions;
  return result;
}

/// Of 3 and 4 tokens; the corrupted ones have S1 elsewhere.
const PromptBatch clean = batch({3, 4}, {{0, 2}, {1, 3}});
const PromptBatch corrupted = batch({4, 4}, {{2, 3}, {0, 3}});

TEST(KeptRows, AreAllForPositionsAll) {
  const KeptRows kept = find_kept_rows(clean, corrupted, Positions::all);
  EXPECT_THAT(kept.of_any, ElementsAre(1, 1, 1, 1, 1, 1, 1));
}

TEST(KeptRows, AreEachPromptsOwnForPositionsOwn) {
  const KeptRows kept = find_kept_rows(clean, corrupted, Positions::own);
  ASSERT_EQ(kept.of_name.size(), 2u);
  EXPECT_THAT(kept.of_name[0], ElementsAre(1, 0, 0, 0, 1, 0, 0));
  EXPECT_THAT(kept.of_name[1], ElementsAre(0, 0, 1, 0, 0, 0, 1));
  EXPECT_THAT(kept.of_any, ElementsAre(1, 0, 1, 0, 1, 0, 1));
}

TEST(KeptRows, AreThoseOfAnyCorruptedPromptForPositionsUnion) {
  const KeptRows kept = find_kept_rows(clean, corrupted, Positions::union_of_corrupted);
  ASSERT_EQ(kept.of_name.size(), 2u);
  EXPECT_THAT(kept.of_name[0], ElementsAre(1, 0, 1, 1, 0, 1, 0));
  EXPECT_THAT(kept.of_name[1],
              ElementsAre(0, 0, 0, 0, 0, 0, 1));  // the shorter prompt's own end is not among them
  EXPECT_THAT(kept.of_any, ElementsAre(1, 0, 1, 1, 0, 1, 1));
}

}  // namespace
}  // namespace headsweep
