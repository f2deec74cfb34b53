#include "pipeline/search.h"

#include <gtest/gtest.h>

#include "io/trace_file.h"
#include "tests/golden.h"

namespace headsweep {
namespace {

Circuit everything(int layers, int heads) { return {layers, heads, Circuit::Start::everything}; }

TEST(GreedySearch, EndsWithThePublishedCircuitWhenItIsToldThePublishedScores) {
  const auto trace = read_trace(golden::data("seed/add2_med_autoAblate_trace_cell42.csv"));
  ASSERT_EQ(trace.size(), 384u);
  GreedySearch search({24, 16, Order::backward, 3.0});
  Circuit kept = everything(24, 16);
  for (const TraceStep& step : trace) {
    ASSERT_FALSE(search.finished());
    Circuit wanted = kept;
    wanted.remove(step.layer, step.head);
    EXPECT_EQ(search.wanted(), wanted);
    const Decision& decision = search.tell(step.score_percent);
    EXPECT_EQ(decision.head, (Head{step.layer, step.head}));
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
            (std::vector<Head>{{1, 0}, {1, 1}, {0, 0}, {0, 1}}));
  EXPECT_EQ(search.ranked_next(), -1);
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
  EXPECT_EQ(std::vector(coming.begin(), coming.end()), (std::vector<Head>{{1, 1}, {1, 2}, {1, 0}}));
}

TEST(OrderImportance, TakesHeadsOfEqualScoresByNumber) {
  const GreedySearch search = with_last_layer_ranked({99, 99, 99});
  EXPECT_EQ(search.coming().front(), (Head{1, 0}));
  EXPECT_EQ(search.coming().back(), (Head{1, 2}));
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
