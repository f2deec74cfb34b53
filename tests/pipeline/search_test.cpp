#include "pipeline/search.h"

#include <gtest/gtest.h>

#include "io/trace_file.h"
#include "tests/golden.h"

namespace headsweep {
namespace {

Circuit everything(int layers, int heads) { return {layers, heads, Circuit::Start::everything}; }

TEST(GreedySearch, EndsWithThePublishedCircuitWhenItIsToldThePublishedScores) {
  const auto trace = read_trace(golden::reference("add2.csv"));
  ASSERT_EQ(trace.size(), 384u);
  GreedySearch search({24, 16, Order::backward, 3.0});
  Circuit kept = everything(24, 16);
  for (const TraceStep& step : trace) {
    ASSERT_FALSE(search.finished());
    Circuit wanted = kept;
    wanted.remove(step.layer, step.head);
    EXPECT_EQ(search.wanted(), wanted);
    const Decision& decision = search.tell(step.score_percent);
    EXPECT_EQ(decision.component, (Component{step.layer, step.head}));
    EXPECT_EQ(decision.removed, step.removed) << step.layer << "." << step.head;
    if (step.removed) kept = wanted;
  }
  EXPECT_TRUE(search.finished());
  const golden::Json published = golden::read(golden::data("seed/add2_circuit.json"));
  Circuit circuit(24, 16, Circuit::Start::nothing);
  for (const auto& head : published["heads"]) circuit.keep(head[0], head[1]);
  EXPECT_EQ(published["heads"].size(), 86u);
  EXPECT_EQ(search.kept(), circuit);
  EXPECT_NEAR(search.score_percent(), 97.588142, 1e-6);
}

TEST(GreedySearch, ALossOfExactlyTheThresholdKeepsTheHead) {
  GreedySearch search({1, 2, Order::backward, 3.0});
  EXPECT_FALSE(search.tell(97.0).removed);
  EXPECT_TRUE(search.tell(97.0 + 1e-9).removed);
}

TEST(GreedySearch, ARemovalThatRaisesTheScoreIsTaken) {
  GreedySearch search({1, 1, Order::backward, 3.0});
  EXPECT_TRUE(search.tell(250).removed);
  EXPECT_EQ(search.score_percent(), 250);
}

TEST(GreedySearch, ComparesWithTheFullModelNotWithTheStepBefore) {
  GreedySearch search({1, 3, Order::backward, 3.0});
  EXPECT_TRUE(search.tell(98).removed);
  EXPECT_FALSE(search.tell(96).removed);  // 2 points less than the step before
  EXPECT_EQ(search.score_percent(), 98);
}

TEST(GreedySearch, AScoreThatIsNotANumberRemovesNothing) {
  GreedySearch search({1, 1, Order::backward, 3.0});
  EXPECT_FALSE(search.tell(std::nan("")).removed);
}

TEST(GreedySearch, GoesBackwardFromTheLastLayerDownAndThroughHeadsUpwards) {
  const GreedySearch search({2, 2, Order::backward, 3.0});
  const auto coming = search.coming();
  EXPECT_EQ(std::vector(coming.begin(), coming.end()),
            (std::vector<Component>{{1, 0}, {1, 1}, {0, 0}, {0, 1}}));
  EXPECT_EQ(search.ranked_next(), -1);
}

SearchRule with_mlps(Order order, int layers = 2, int heads = 2) {
  SearchRule rule{layers, heads, order, 3.0};
  rule.components = Components::heads_and_mlps;
  return rule;
}

std::vector<Component> coming(const GreedySearch& search) {
  return {search.coming().begin(), search.coming().end()};
}

const Component mlp_0 = Component::mlp_of(0), mlp_1 = Component::mlp_of(1);
const Component h00{0, 0}, h01{0, 1}, h10{1, 0}, h11{1, 1};

TEST(GreedySearch, GoingBackwardTriesALayersMlpBeforeItsHeads) {
  EXPECT_EQ(coming(GreedySearch(with_mlps(Order::backward))),
            (std::vector{mlp_1, h10, h11, mlp_0, h00, h01}));
}

TEST(GreedySearch, GoingForwardTriesALayersMlpAfterItsHeads) {
  EXPECT_EQ(coming(GreedySearch(with_mlps(Order::forward))),
            (std::vector{h00, h01, mlp_0, h10, h11, mlp_1}));
  EXPECT_EQ(coming(GreedySearch({2, 2, Order::forward, 3.0})), (std::vector{h00, h01, h10, h11}));
}

TEST(GreedySearch, TriesMlpsAloneIfHeadsTakeNoPart) {
  SearchRule rule = with_mlps(Order::backward);
  rule.components = Components::mlps;
  GreedySearch search(rule);
  EXPECT_EQ(coming(search), (std::vector{mlp_1, mlp_0}));
  EXPECT_EQ(rule.decisions(), 2);
  search.tell(99);
  EXPECT_FALSE(search.kept().keeps_mlp(1));
  EXPECT_TRUE(search.kept().keeps_mlp(0));
}

TEST(GreedySearch, TriesAHeadAtEachPositionApart) {
  SearchRule rule = with_mlps(Order::backward, 1, 2);
  rule.granularity = Granularity::position;
  rule = for_family(rule, 2);
  const auto head_at = [](int head, int position) {
    return Component{0, head, Component::Kind::head, position};
  };
  GreedySearch search(rule);
  EXPECT_EQ(coming(search),
            (std::vector{mlp_0, head_at(0, 0), head_at(0, 1), head_at(1, 0), head_at(1, 1)}));
  search.tell(0);
  search.tell(0);
  search.tell(99);
  EXPECT_TRUE(search.kept().keeps(0, 0, 0));
  EXPECT_FALSE(search.kept().keeps(0, 0, 1));
  EXPECT_EQ(for_family({1, 2}, 2).positions, 1);  // granularity: component
}

TEST(OrderAlternate, GoesBackwardThenForwardOverWhatIsLeftUntilAPassRemovesNothing) {
  GreedySearch search(with_mlps(Order::alternate));
  EXPECT_EQ(coming(search), (std::vector{mlp_1, h10, h11, mlp_0, h00, h01}));
  for (const double score : {0.0, 99.0, 0.0, 0.0, 99.0, 0.0}) search.tell(score);
  EXPECT_EQ(coming(search), (std::vector{h01, mlp_0, h11, mlp_1}));
  for (const double score : {0.0, 99.0, 0.0, 0.0}) search.tell(score);
  EXPECT_EQ(coming(search), (std::vector{mlp_1, h11, h01}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(search.finished());
    search.tell(0);
  }
  EXPECT_TRUE(search.finished());
  EXPECT_EQ(search.decisions().size(), 13u);
}

TEST(OrderAlternate, EndsWhenNothingIsLeft) {
  GreedySearch search({1, 2, Order::alternate, 3.0});
  search.tell(99);
  search.tell(99);
  EXPECT_TRUE(search.finished());
}

TEST(OrderAlternate, SaysWhatTheNextPassWillBe) {
  GreedySearch search({2, 2, Order::alternate, 3.0});
  search.tell(0);
  Circuit kept = search.kept();
  EXPECT_TRUE(search.after_coming(kept, false).empty());
  kept.remove(h11);
  EXPECT_EQ(search.after_coming(kept, true), (std::vector{h00, h01, h10}));
  search.tell(99);
  EXPECT_EQ(search.after_coming(search.kept(), false), (std::vector{h00, h01, h10}));
}

TEST(OrderAlternate, WhatAnEarlierPassHasKeptMayBeRemovedNow) {
  GreedySearch search({1, 3, Order::alternate, 3.0});
  Circuit without_first = search.kept();
  without_first.remove(h00);
  without_first.remove({0, 2});
  for (const double score : {0.0, 0.0, 99.0}) search.tell(score);
  EXPECT_TRUE(search.may_want(without_first));
  EXPECT_EQ(search.wanted(), without_first);
  search.tell(0);
  EXPECT_FALSE(search.may_want(without_first));
}

/// Of two layers of three heads, the last is ranked by these scores.
GreedySearch with_last_layer_ranked(std::vector<double> scores) {
  GreedySearch search({2, 3, Order::importance, 3.0});
  EXPECT_EQ(search.next_step(), GreedySearch::Step::rank_layer);
  search.rank(scores);
  return search;
}

TEST(OrderImportance, FirstRanksALayerByTheRemovalOfEachHeadAlone) {
  const GreedySearch search({2, 3, Order::importance, 3.0});
  EXPECT_EQ(search.next_step(), GreedySearch::Step::rank_layer);
  EXPECT_EQ(search.ranked_next(), 1);
  const auto wanted = search.wanted_for_ranking();
  ASSERT_EQ(wanted.size(), 3u);
  for (int head = 0; head < 3; ++head) {
    Circuit without = everything(2, 3);
    without.remove(1, head);
    EXPECT_EQ(wanted[static_cast<std::size_t>(head)], without);
  }
}

TEST(OrderImportance, TriesTheLeastImportantHeadFirst) {
  const GreedySearch search = with_last_layer_ranked({50, 99, 98});
  const auto coming = search.coming();
  EXPECT_EQ(std::vector(coming.begin(), coming.end()),
            (std::vector<Component>{{1, 1}, {1, 2}, {1, 0}}));
}

TEST(OrderImportance, TriesALayersMlpBeforeItRanksTheHeads) {
  GreedySearch search(with_mlps(Order::importance));
  EXPECT_EQ(coming(search), (std::vector{mlp_1}));
  search.tell(99);
  ASSERT_EQ(search.next_step(), GreedySearch::Step::rank_layer);
  EXPECT_FALSE(search.wanted_for_ranking()[0].keeps_mlp(1));
  search.rank(std::vector<double>{1, 2});
  EXPECT_EQ(coming(search), (std::vector{h11, h10, mlp_0}));
  for (int i = 0; i < 3; ++i) search.tell(0);
  ASSERT_EQ(search.next_step(), GreedySearch::Step::rank_layer);
  search.rank(std::vector<double>{2, 1});
  EXPECT_EQ(coming(search), (std::vector{h00, h01}));
  search.tell(0);
  search.tell(0);
  EXPECT_TRUE(search.finished());
}

TEST(OrderImportance, TakesHeadsOfEqualScoresByNumber) {
  const GreedySearch search = with_last_layer_ranked({99, 99, 99});
  EXPECT_EQ(search.coming().front(), (Component{1, 0}));
  EXPECT_EQ(search.coming().back(), (Component{1, 2}));
}

TEST(OrderImportance, RanksTheNextLayerWithoutTheHeadsThatWereRemoved) {
  GreedySearch search = with_last_layer_ranked({50, 99, 98});
  EXPECT_TRUE(search.tell(99).removed);
  EXPECT_FALSE(search.tell(96).removed);
  EXPECT_FALSE(search.tell(40).removed);
  ASSERT_EQ(search.next_step(), GreedySearch::Step::rank_layer);
  EXPECT_EQ(search.ranked_next(), 0);
  Circuit expected = everything(2, 3);
  expected.remove(1, 1);
  expected.remove(0, 2);
  EXPECT_EQ(search.wanted_for_ranking()[2], expected);
  search.rank(std::vector<double>{1, 2, 3});
  for (int i = 0; i < 3; ++i) search.tell(0);
  EXPECT_TRUE(search.finished());
  EXPECT_EQ(search.ranking().size(), 6u);
}

TEST(GreedySearch, CircuitsOnBranchesThatWereNotTakenAreNotWanted) {
  GreedySearch search({1, 3, Order::backward, 3.0});
  search.tell(99);  // removes head 0
  Circuit taken = search.wanted(), not_taken = everything(1, 3);
  not_taken.remove(0, 1);
  EXPECT_TRUE(search.may_want(taken));
  EXPECT_FALSE(search.may_want(not_taken));
  EXPECT_EQ(search.disagreements(not_taken), 1);
}

TEST(GreedySearch, ForcedDecisionsDisregardTheScores) {
  GreedySearch search({1, 2, Order::backward, 3.0, {{false, 99}, {true, 90}}});
  EXPECT_FALSE(search.tell(100).removed);
  EXPECT_TRUE(search.tell(0).removed);
}

}  // namespace
}  // namespace headsweep
