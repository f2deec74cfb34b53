#include "io/trace_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::HasSubstr;

std::vector<TraceStep> read(const std::string& content) {
  const TemporaryFolder folder;
  return read_trace(folder.write("trace.csv", content));
}

void expect_refused(const std::string& content, const std::string& where, const std::string& what) {
  EXPECT_THAT([&] { read(content); }, testing::ThrowsMessage<UserError>(testing::AllOf(
                                          HasSubstr("trace.csv" + where), HasSubstr(what))))
      << content;
}

void expect_two_steps(const std::vector<TraceStep>& steps) {
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].layer, 23);
  EXPECT_EQ(steps[0].head, 0);
  EXPECT_EQ(steps[0].score_percent, 99.5);
  EXPECT_TRUE(steps[0].removed);
  EXPECT_EQ(steps[1].layer, 22);
  EXPECT_EQ(steps[1].head, 15);
  EXPECT_EQ(steps[1].score_percent, -0.25);
  EXPECT_FALSE(steps[1].removed);
}

TEST(TraceFile, GivesTheDecisionsInTheirOrder) {
  expect_two_steps(read("layer,head,score_pct,removed\n23,0,99.5,1\n22,15,-0.25,0\n"));
}

TEST(TraceFile, ColumnsMayStandInAnyOrderWithOthersBetween) {
  expect_two_steps(
      read("step,removed,score_pct,note,head,layer\n1,1,99.5,a b,0,23\n2,0,-0.25,x,15,22\n"));
}

TEST(TraceFile, LinesMayEndAsOnWindows) {
  expect_two_steps(read("layer,head,score_pct,removed\r\n23,0,99.5,1\r\n22,15,-0.25,0\r\n"));
}

TEST(TraceFile, BlankLinesAndAMissingLastLineEndAreNoMatter) {
  expect_two_steps(read("layer,head,score_pct,removed\n\n23,0,99.5,1\n\n22,15,-0.25,0"));
  expect_two_steps(
      read("layer,head,score_pct,removed\r\n23,0,99.5,1\r\n\r\n22,15,-0.25,0\r\n\r\n"));
}

TEST(TraceFile, AColumnAfterTheOthersMayBeEmpty) {
  expect_two_steps(read("layer,head,score_pct,removed,note\n23,0,99.5,1,\n22,15,-0.25,0,\n"));
}

TEST(TraceFile, ThePublishedSearchIsRead) {
  const auto steps = read_trace(HEADSWEEP_SOURCE_FOLDER "/jobs/reference/add2.csv");
  ASSERT_EQ(steps.size(), 384u);
  EXPECT_EQ(steps.front().layer, 23);
  EXPECT_EQ(steps.back().layer, 0);
  EXPECT_EQ(steps.back().head, 15);
}

TEST(TraceFile, AMissingColumnIsNamed) {
  expect_refused("layer,head,removed\n1,2,1\n", ":1: ", "no column 'score_pct'");
  expect_refused("layer;head;score_pct;removed\n1;2;99;1\n", ":1: ", "no column 'layer'");
}

TEST(TraceFile, AValueThatIsNoNumberIsNamedWithItsLine) {
  expect_refused("layer,head,score_pct,removed\n1,2,99,1\n1,x,99,1\n",
                 ":3: ", "head: 'x' is not a number");
  expect_refused("layer,head,score_pct,removed\n1.5,2,99,1\n", ":2: ", "layer: '1.5'");
  expect_refused("layer,head,score_pct,removed\n1,2,,1\n", ":2: ", "score_pct: ''");
  expect_refused("layer,head,score_pct,removed\n1,2,99%,1\n", ":2: ", "score_pct: '99%'");
  expect_refused("layer,head,score_pct,removed\n1, 2,99,1\n", ":2: ", "head: ' 2'");
}

TEST(TraceFile, AScoreIsFiniteAndNoIndexNegative) {
  for (const char* score : {"nan", "inf", "-inf", "1e999"})
    expect_refused(fmt::format("layer,head,score_pct,removed\n1,2,{},1\n", score),
                   ":2: ", "score_pct: ");
  expect_refused("layer,head,score_pct,removed\n-1,2,99,1\n", ":2: ", "neither can be negative");
  expect_refused("layer,head,score_pct,removed\n1,-2,99,1\n", ":2: ", "neither can be negative");
}

TEST(TraceFile, RemovedIsZeroOrOne) {
  expect_refused("layer,head,score_pct,removed\n1,2,99,2\n",
                 ":2: ", "removed: 2 is neither 0 nor 1");
  expect_refused("layer,head,score_pct,removed\n1,2,99,True\n", ":2: ", "removed: 'True'");
}

TEST(TraceFile, ALineOfAnotherLengthIsRefused) {
  expect_refused("layer,head,score_pct,removed\n1,2,99\n",
                 ":2: ", "has 3 values, but the first line names 4");
  expect_refused("layer,head,score_pct,removed\n1,2,99,1,5\n", ":2: ", "has 5 values");
}

TEST(TraceFile, OneWithoutDecisionsIsRefused) {
  expect_refused("", ":1: ", "no column 'layer'");
  expect_refused("layer,head,score_pct,removed\n", ": ", "holds no decisions");
}

TEST(TraceFile, OneThatIsMissingIsTheUsersMistake) {
  const TemporaryFolder folder;
  EXPECT_THROW(read_trace(folder.path() / "missing.csv"), UserError);
}

}  // namespace
}  // namespace headsweep
