// The section `analyses` of a job.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/job.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string rest_of_job = "model: {path: m}\nfamilies: [{name: odd5, file: odd5.json}]\n";

class ReadAnalyses : public testing::Test {
 protected:
  Job read(const std::string& section) {
    return read_job(folder_.write("job.yaml", rest_of_job + section));
  }
  std::string error(const std::string& section) {
    return complaint_of([&] { read(section); });
  }

  TemporaryFolder folder_;
};

TEST_F(ReadAnalyses, NoneAreMadeUnlessTheJobSaysSo) {
  for (const char* section : {"", "analyses:\n", "analyses: {make: []}\n", "analyses: {seed: 3}\n"})
    EXPECT_TRUE(read(section).analyses.make.empty()) << section;
  EXPECT_EQ(read("").analyses.draws, (SubsetDraws{10, 10, 10, 10, 0}));
}

TEST_F(ReadAnalyses, OneOrSeveralAreMadeInTheirOwnOrder) {
  EXPECT_THAT(read("analyses: {make: curve}\n").analyses.make, ElementsAre(Analysis::curve));
  EXPECT_THAT(read("analyses: {make: [compare, faithfulness, knockout]}\n").analyses.make,
              ElementsAre(Analysis::knockout, Analysis::faithfulness, Analysis::compare));
}

TEST_F(ReadAnalyses, SubsetsAreDrawnAsItSays) {
  const std::string section =
      "analyses: {make: [faithfulness], random: 1, restarts: 2, iterations: 3, candidates: 4, "
      "seed: 5}\n";
  EXPECT_EQ(read(section).analyses.draws, (SubsetDraws{1, 2, 3, 4, 5}));
  const Job again = read_job(folder_.write("again.yaml", resolved_job(read(section))));
  EXPECT_EQ(again.analyses.draws, (SubsetDraws{1, 2, 3, 4, 5}));
  EXPECT_THAT(again.analyses.make, ElementsAre(Analysis::faithfulness));
}

TEST_F(ReadAnalyses, WhatIsWrongIsNamed) {
  EXPECT_THAT(error("analyses: {make: [knockot]}\n"),
              HasSubstr("job.yaml:3: analyses.make.0: 'knockot'"));
  EXPECT_THAT(error("analyses: {make: [curve, curve]}\n"), HasSubstr("'curve' is there already"));
  EXPECT_THAT(error("analyses: {restart: 2}\n"), HasSubstr("did you mean 'restarts'?"));
  EXPECT_THAT(error("analyses: {random: -1}\n"), HasSubstr("analyses.random: "));
}

}  // namespace
}  // namespace headsweep
