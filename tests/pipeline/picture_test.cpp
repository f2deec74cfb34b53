#include "pipeline/picture.h"

#include <algorithm>

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

/// On a ladder of three rungs; in the end fp64 decides head 2 of layer 1.
RunRecord laddered() {
  RunRecord record = finished();
  record.rungs = {{"bf16", 0.3, 0.05, 0.21}, {"fp32", 1, 0.0001, 0.0004}, {"fp64", 2.5, 0, 0}};
  for (DecisionRecord& decision : record.decisions) decision.guard = 0.2;
  DecisionRecord& exact = record.decisions[2];
  exact.margin = -0.0001234;
  exact.rung = 2;
  exact.guard = 0;
  DecisionRecord& middle = record.decisions[3];
  middle.margin = 0.0034;
  middle.rung = 1;
  middle.guard = 0.0003;
  return record;
}

TEST(CircuitPicture, HasTheLastLayerOnTopAndAMarkForEachHead) {
  EXPECT_EQ(circuit_picture(unfinished()),
            "layer  head  0  1  2\n"
            "    1        .  #  .\n"
            "    0        #  ?  .\n");
}

/// The last decision on a component counts, and MLPs have a column.
RunRecord with_mlps() {
  RunRecord record = finished();
  record.components = Components::heads_and_mlps;
  record.identity.back().second = "alternate";
  record.decisions.push_back({1, no_head, 98, -1, true, 6, 4, 1, 1, {}});
  record.decisions.push_back({0, no_head, 90, 7.25, false, 6, 4, 1, 1, {}});
  record.decisions.push_back({1, 1, 98, -1, true, 6, 4, 1, 1, {}});
  return record;
}

TEST(CircuitPicture, HasAColumnForMlpsIfTheyTakePart) {
  EXPECT_EQ(circuit_picture(with_mlps()),
            "layer  head  0  1  2  mlp\n"
            "    1        .  .  .    .\n"
            "    0        #  #  .    #\n");
  RunRecord record = with_mlps();
  record.components = Components::mlps;
  EXPECT_EQ(circuit_picture(record),
            "layer        mlp\n"
            "    1          .\n"
            "    0          #\n");
}

TEST(CircuitPicture, MarksHeadsThatAreKeptAtSomePositions) {
  RunRecord record = unfinished();
  record.granularity = Granularity::position;
  record.position_names = {"S1", "end"};
  for (DecisionRecord& decision : record.decisions) decision.position = 0;
  record.decisions.push_back({1, 0, 98, -1, false, 6, 4, 1, 1, {}, 0, 0, false, 1});
  EXPECT_EQ(circuit_picture(record),
            "layer  head  0  1  2\n"
            "    1        +  #  .\n"
            "    0        #  ?  .\n");
  EXPECT_THAT(summary(record), HasSubstr("# kept   + at some positions   . removed"));
  EXPECT_THAT(summary(record), HasSubstr("circuit: 6 of 6 heads at some position"));
  EXPECT_THAT(decision_table(record), HasSubstr(" layer  head position      score %"));
  EXPECT_THAT(decision_table(record), HasSubstr("     1     0 end         98.000000"));
}

TEST(Summary, CountsAndNamesMlps) {
  RunRecord record = with_mlps();
  EXPECT_THAT(summary(record), HasSubstr("circuit: 2 of 6 heads, 1 of 2 MLPs, score 98.00 %"));
  EXPECT_THAT(summary(record, 1.5), HasSubstr("1.mlp (-1.0000)"));
  EXPECT_THAT(decision_table(record), HasSubstr("     1   mlp    98.000000"));
  record.identity.emplace_back("mlp_means", "under_head_mask");
  EXPECT_THAT(summary(record), HasSubstr("mean ablation (MLPs under the head mask), positions"));
  record.status = RunStatus::stopped;
  EXPECT_THAT(summary(record), HasSubstr("stopped after 9 of at least 8 decisions"));
}

TEST(Summary, GivesTheCircuitsScoreInFloat64WhereTheLastRemovalWasAudited) {
  RunRecord record = laddered();
  EXPECT_THAT(summary(record), HasSubstr("score 98.25 % of the full model"));
  record.audit = {{0, 99.5, true}, {4, 98.375, true}};
  EXPECT_THAT(summary(record), HasSubstr("score 98.38 % of the full model"));
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
  EXPECT_THAT(text, HasSubstr("fragile: 1 of 6 decisions would fall otherwise at a threshold moved "
                              "by 0.05: 1.2 (-0.0100)\n"));
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
  EXPECT_THAT(text, Not(HasSubstr("fragile")));
  record.rungs = laddered().rungs;
  EXPECT_THAT(summary(record), Not(HasSubstr("precision")));
  EXPECT_THAT(text, HasSubstr("6 of 6 heads, score 100.00 %"));
}

TEST(Summary, SaysNothingOfPrecisionWhereTheRecordDoesNot) {
  EXPECT_THAT(summary(finished()), Not(HasSubstr("precision")));
  EXPECT_THAT(summary(finished()), Not(HasSubstr("audit")));
  EXPECT_THAT(summary(finished()), Not(HasSubstr("tie")));
}

TEST(Summary, CountsTheDecisionsOfEachRungAndNamesTheSmallestMargin) {
  RunRecord record = laddered();
  EXPECT_THAT(
      summary(record),
      HasSubstr("precision: 4 decisions in bf16 (guard 0.21), 1 in fp32 (guard 0.0004), 1 in "
                "fp64; smallest margin -0.00012 (head 2 of layer 1, fp64)\n"));
  record.decisions[2].margin = -9;
  EXPECT_THAT(summary(record), HasSubstr("; smallest margin +0.0034 (head 0 of layer 0, fp32, "
                                         "guard 0.0003)\n"));
  record.decisions = {record.decisions[2]};
  EXPECT_THAT(summary(record), HasSubstr("precision: 1 decision in fp64; smallest margin"));
}

TEST(Summary, SaysWhatAFixedPrecisionCannotCertify) {
  RunRecord record = laddered();
  record.decisions[0].margin = -0.19;
  EXPECT_THAT(summary(record),
              HasSubstr("precision: 4 decisions in bf16 (guard 0.21; 1 of them lies "
                        "inside its guard: uncertified), 1 in fp32 (guard 0.0004), "
                        "1 in fp64;"));
  record.decisions[1].margin = 0.1;
  EXPECT_THAT(summary(record), HasSubstr("; 2 of them lie inside its guard: uncertified), 1 in"));
  record.decisions[2].guard = 1;
  EXPECT_THAT(summary(record), HasSubstr("1 in fp64;")) << "fp64 needs no certificate";
}

TEST(Summary, NamesTies) {
  RunRecord record = laddered();
  record.decisions[2].margin = -1e-12;
  record.decisions[2].tie = true;
  EXPECT_THAT(summary(record), HasSubstr("smallest margin -1e-12 (head 2 of layer 1, fp64)\n"));
  EXPECT_THAT(summary(record),
              HasSubstr("tie: head 2 of layer 1: margin below 1e-9 in fp64, decided "
                        "by the rule\n"));
}

TEST(Summary, NamesTheNearestFragileDecisionsAndCountsTheOthers) {
  RunRecord record = laddered();
  record.heads = 4;
  for (int i = 0; i < 6; ++i)
    record.decisions[static_cast<std::size_t>(i)].margin = 0.04 - 0.001 * i;
  record.decisions.push_back({1, 3, 97.03, -0.03, true, 6, 4, 1, 1, {}});
  record.decisions.push_back({0, 3, 97.03, 0.06, false, 6, 4, 1, 1, {}});
  EXPECT_THAT(
      summary(record),
      HasSubstr("fragile: 7 of 8 decisions would fall otherwise at a threshold moved by 0.05: "
                "1.3 (-0.0300), 0.1 (+0.0350), 0.2 (+0.0360), 0.0 (+0.0370), 1.2 (+0.0380), "
                "1.1 (+0.0390) and 1 more\n"));
  EXPECT_THAT(summary(record, 0.031),
              HasSubstr("fragile: 1 of 8 decisions would fall otherwise at a threshold moved by "
                        "0.031: 1.3 (-0.0300)\n"));
  EXPECT_THAT(summary(record, 0.01),
              HasSubstr("fragile: none of 8 decisions would fall otherwise at a threshold moved by "
                        "0.01\n"));
}

TEST(Summary, SaysWhatTheAuditFound) {
  RunRecord record = laddered();
  record.audit = {{3, 96.9966, true}};
  EXPECT_THAT(summary(record),
              HasSubstr("audit: 1 decision evaluated again in fp64, which agrees\n"));
  record.audit.push_back({0, 99.4, true});
  EXPECT_THAT(summary(record),
              HasSubstr("audit: 2 decisions evaluated again in fp64, all agree\n"));
  record.audit.push_back({2, 96.999, false});
  record.audit.push_back({3, 97.00004, false});
  record.status = RunStatus::contradicted;
  EXPECT_THAT(summary(record),
              HasSubstr("audit: head 2 of layer 1: CONTRADICTED, removed at 97.0100, fp64 says "
                        "96.9990; head 0 of layer 0: CONTRADICTED, kept at 96.9000, fp64 says "
                        "97.0000; 2 of 4 decisions evaluated again in fp64 agree\n"));
  EXPECT_THAT(summary(record),
              HasSubstr("status: contradicted: an audit found a decision that fp64 "
                        "does not make\n"));
}

TEST(Summary, SaysThatACheckpointThatChangedSpoiltIt) {
  RunRecord record = laddered();
  record.status = RunStatus::spoilt;
  EXPECT_THAT(summary(record), HasSubstr("status: spoilt: the checkpoint changed while"));
}

TEST(DecisionTable, HasALineForEachDecisionInTheOrderTheyWereMade) {
  const std::string table = decision_table(unfinished());
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 6);
  EXPECT_THAT(table, testing::StartsWith(
                         " layer  head      score %       margin    rung     guard  decision   "
                         "wave  rank  host\n"
                         "     1     0    99.500000    -2.500000       -         -  removed       "
                         "1     0  n1\n"
                         "     1     1    50.000000   +47.000000       -         -  kept          "
                         "1     1  n2\n"
                         "     1     2    97.010000    -0.010000       -         -  removed       "
                         "2     0  n1\n"));
}

TEST(DecisionTable, NamesRungAndGuardOfEachDecision) {
  const std::string table = decision_table(laddered());
  EXPECT_THAT(table, HasSubstr("-2.500000    bf16       0.2  removed       1     0  n1\n"));
  EXPECT_THAT(table, HasSubstr("-0.000123    fp64         0  removed       2     0  n1\n"));
  EXPECT_THAT(table, HasSubstr("+0.003400    fp32    0.0003  kept          3     0  n1\n"));
}

TEST(FragileTable, HasTheNearestFirst) {
  const std::string table = fragile_table(laddered(), 2);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 4);
  EXPECT_EQ(table.substr(0, table.find('\n')),
            decision_table(laddered()).substr(0, table.find('\n')));
  EXPECT_LT(table.find("-0.000123"), table.find("+0.003400"));
  EXPECT_LT(table.find("+0.003400"), table.find("-1.250000"));
}

}  // namespace
}  // namespace headsweep
