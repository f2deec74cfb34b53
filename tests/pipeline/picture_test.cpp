#include "pipeline/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headsweep {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A search of 2 layers with 3 heads, backward; head 1 of layer 0 has not been tried.
RunRecord unfinished() {
  RunRecord record;
  record.status = RunStatus::stopped;
  record.identity = {{"corruption", "repeat_last"},
                     {"ablation", "mean"},
                     {"positions", "all"},
                     {"order", "backward"}};
  record.family = "even";
  record.layers = 2;
  record.heads = 3;
  record.threshold = 3;
  record.full_mean = 2.5;
  record.full_per_prompt = {2, 3};
  record.hosts = {"n1", "n2"};
  record.decisions = {{1, 0, 99.5, -2.5, true, 1, 1, 0, 0, {}},
                      {1, 1, 50, 47, false, 2, 1, 1, 1, {}},
                      {1, 2, 97.01, -0.01, true, 3, 2, 0, 0, {}},
                      {0, 0, 96.9, 0.1, false, 4, 3, 0, 0, {}},
                      {0, 2, 98.25, -1.25, true, 5, 4, 0, 0, {}}};
  return record;
}

RunRecord finished() {
  RunRecord record = unfinished();
  record.status = RunStatus::complete;
  record.decisions.push_back({0, 1, 90, 7, false, 6, 4, 1, 1, {}});
  record.work = {4, 8, 2, 3.0, 0.5, 1.5};
  record.provenance = {{"ranks", "2 on 2 hosts"}};
  return record;
}

TEST(CircuitPicture, HasTheLastLayerOnTopAndAMarkForEachHead) {
  EXPECT_EQ(circuit_picture(unfinished()),
            "layer  head  0  1  2\n"
            "    1        .  #  .\n"
            "    0        #  ?  .\n");
}

TEST(CircuitPicture, ColumnsStayInLineBeyondTenHeadsAndLayers) {
  RunRecord record;
  record.layers = 12;
  record.heads = 12;
  const std::string picture = circuit_picture(record);
  EXPECT_THAT(picture, testing::StartsWith("layer  head  0  1  2  3  4  5  6  7  8  9 10 11\n"
                                           "   11        ?  ?"));
  std::size_t begin = 0;
  for (int line = 0; line < 13; ++line) {
    const std::size_t end = picture.find('\n', begin);
    EXPECT_EQ(end - begin, picture.find('\n')) << "line " << line;
    begin = end + 1;
  }
  EXPECT_EQ(begin, picture.size());
}

TEST(Summary, SaysWhatWasRunAndWhatCameOut) {
  const std::string text = summary(finished());
  EXPECT_THAT(
      text,
      HasSubstr(
          "family even, corruption repeat_last, mean ablation, positions all, order backward, "
          "threshold 3 %\n"));
  EXPECT_THAT(text, HasSubstr("mean logit difference 2.5000 over 2 prompts\n"));
  EXPECT_THAT(text,
              HasSubstr("nearest decision: head 2 of layer 1, margin -0.0100 percentage points\n"));
  EXPECT_THAT(text, HasSubstr(circuit_picture(finished())));
  EXPECT_THAT(text, HasSubstr("circuit: 3 of 6 heads, score 98.25 % of the full model\n"));
  EXPECT_THAT(text,
              HasSubstr("work: 4 waves, 8 evaluations, 2 of them thrown away; ranks 2 on 2 hosts; "
                        "5.0 rank-seconds: 60 % computing, 10.0 % talking, 30 % waiting\n"));
  EXPECT_THAT(text, Not(HasSubstr("status")));
  EXPECT_THAT(text, Not(HasSubstr("?")));
}

TEST(Summary, SaysHowFarAnUnfinishedRunHasCome) {
  const std::string text = summary(unfinished());
  EXPECT_THAT(text,
              HasSubstr("status: stopped after 5 of 6 decisions; run the job again to go on\n"));
  EXPECT_THAT(text, HasSubstr("? not decided"));
}

TEST(Summary, TakesARunWithoutDecisions) {
  RunRecord record = unfinished();
  record.decisions.clear();
  const std::string text = summary(record);
  EXPECT_THAT(text, Not(HasSubstr("nearest")));
  EXPECT_THAT(text, HasSubstr("6 of 6 heads, score 100.00 %"));
}

TEST(DecisionTable, HasALineForEachDecisionInTheOrderTheyWereMade) {
  const std::string table = decision_table(unfinished());
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 6);
  EXPECT_THAT(table, testing::StartsWith(
                         " layer  head      score %       margin  decision   wave  rank  host\n"
                         "     1     0    99.500000    -2.500000  removed       1     0  n1\n"
                         "     1     1    50.000000   +47.000000  kept          1     1  n2\n"
                         "     1     2    97.010000    -0.010000  removed       2     0  n1\n"));
}

}  // namespace
}  // namespace headsweep
