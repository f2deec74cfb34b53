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
  GreedySearch search(everything(24, 16), backward_order(24, 16), 3.0);
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
  GreedySearch search(everything(1, 2), backward_order(1, 2), 3.0);
  EXPECT_FALSE(search.tell(97.0).removed);
  EXPECT_TRUE(search.tell(97.0 + 1e-9).removed);
}

TEST(GreedySearch, ARemovalThatRaisesTheScoreIsTaken) {
  GreedySearch search(everything(1, 1), backward_order(1, 1), 3.0);
  EXPECT_TRUE(search.tell(250).removed);
  EXPECT_EQ(search.score_percent(), 250);
}

TEST(GreedySearch, ComparesWithTheFullModelNotWithTheStepBefore) {
  GreedySearch search(everything(1, 3), backward_order(1, 3), 3.0);
  EXPECT_TRUE(search.tell(98).removed);
  EXPECT_FALSE(search.tell(96).removed);  // 2 points less than the step before
  EXPECT_EQ(search.score_percent(), 98);
}

TEST(GreedySearch, AScoreThatIsNotANumberRemovesNothing) {
  GreedySearch search(everything(1, 1), backward_order(1, 1), 3.0);
  EXPECT_FALSE(search.tell(std::nan("")).removed);
}

TEST(BackwardOrder, GoesFromTheLastLayerDownAndThroughHeadsUpwards) {
  EXPECT_EQ(backward_order(2, 2), (std::vector<Head>{{1, 0}, {1, 1}, {0, 0}, {0, 1}}));
}

}  // namespace
}  // namespace headsweep
