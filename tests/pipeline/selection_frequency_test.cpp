#include "pipeline/selection_frequency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Of a model of two layers of two heads: all but these are kept.
RunRecord run_without(const HeadList& removed, const std::vector<int>& removed_mlps = {}) {
  RunRecord record;
  record.layers = record.heads = 2;
  record.components = removed_mlps.empty() ? Components::heads : Components::heads_and_mlps;
  const auto remove = [&](int layer, int head) {
    DecisionRecord& decision = record.decisions.emplace_back();
    decision.layer = layer;
    decision.head = head;
    decision.removed = true;
  };
  for (const auto& [layer, head] : removed) remove(layer, head);
  for (const int layer : removed_mlps) remove(layer, no_head);
  return record;
}

TEST(SelectionFrequency, CountsWhatHalfOfTheRunsKeepTheMostFrequentFirst) {
  const RunRecord a = run_without({{0, 0}, {1, 1}}), b = run_without({{0, 0}}),
                  c = run_without({{0, 0}, {0, 1}, {1, 1}}), d = run_without({{0, 1}, {1, 1}});
  // Head 0 of layer 0 is kept by one of four, head 1 of layer 1 by one.
  EXPECT_THAT(often_kept({&a, &b, &c, &d}),
              ElementsAre(SelectionFrequency{1, 0, 4}, SelectionFrequency{0, 1, 2}));
  EXPECT_THAT(selection_table("even.T3", {&a, &b, &c, &d}),
              HasSubstr("even.T3: 2 components are kept in at least half of 4 resamples\n"
                        "layer  head  kept in\n"
                        "    1     0        4  100 %\n"
                        "    0     1        2   50 %\n"));
}

TEST(SelectionFrequency, CountsMlpsThatTakePart) {
  const RunRecord a = run_without({{0, 0}, {0, 1}, {1, 0}, {1, 1}}, {0});
  EXPECT_THAT(often_kept({&a}), ElementsAre(SelectionFrequency{1, no_head, 1}));
  EXPECT_THAT(selection_table("a", {&a}), HasSubstr("    1   mlp        1  100 %\n"));
}

}  // namespace
}  // namespace headsweep
