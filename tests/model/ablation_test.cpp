// Where a kept head is kept, and which corrupted rows a mean is taken of. The values that ablated
// heads are replaced with are tested by circuit_forward_test.
#include "model/ablation.h"

#include <utility>

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

/// Prompts of these templates, each of three tokens.
PromptBatch of_templates(std::vector<int> templates) {
  PromptBatch result = batch(std::vector<std::size_t>(templates.size(), 3), {});
  result.templates = std::move(templates);
  return result;
}

TEST(MeanRows, AreTakenOfTheCorruptedPromptsOfTheSameTemplate) {
  const MeanRows rows = find_mean_rows(of_templates({7, 5, 7}), of_templates({5, 7, 5, 5}));
  EXPECT_THAT(rows.row_of, ElementsAre(0, 1, 2, 3, 4, 5, 0, 1, 2));
  EXPECT_THAT(rows.fill_of, ElementsAre(3, 4, 5, 0, 1, 2, 3, 4, 5, 3, 4, 5));
  EXPECT_THAT(rows.counts, ElementsAre(1, 1, 1, 3, 3, 3));
}

TEST(MeanRows, LeaveOutWhatNoCleanPromptNeeds) {
  PromptBatch longer = of_templates({7, 9});
  longer.tokens[0].push_back(1);  // a position that the clean prompts do not have
  const MeanRows rows = find_mean_rows(of_templates({7}), longer);
  const int none = MeanRows::none;
  EXPECT_THAT(rows.fill_of, ElementsAre(0, 1, 2, none, none, none, none));
  EXPECT_THAT(rows.counts, ElementsAre(1, 1, 1));
}

}  // namespace
}  // namespace headsweep
