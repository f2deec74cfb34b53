#include "io/planned_job.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace headsweep {
namespace {

using testing::HasSubstr;
using testing::Not;

PlannedRun run(const char* family, double threshold, long long left, const char* state) {
  PlannedRun run;
  run.file = std::string(family) + ".h5";
  run.family = family;
  run.corruption = "repeat_last";
  run.threshold = threshold;
  run.order = "backward";
  run.ablation = "mean";
  run.prompts = 10;
  run.decisions = 48;
  run.left = left;
  run.seconds = 0.5 * static_cast<double>(left);
  run.state = state;
  return run;
}

TEST(PlannedTable, HasAColumnForWhatVariesAndTheSumBelow) {
  EXPECT_EQ(planned_table({run("even", 3, 48, "new"), run("even", 10, 8, "begun")}),
            "family  threshold  prompts     decisions left     s here  state\n"
            "even    3               10           48 of 48       24.0  new\n"
            "even    10              10            8 of 48        4.0  begun\n"
            "2 runs                               56 of 96       28.0\n");
}

TEST(PlannedTable, CountsResamplesWhereThereAreAny) {
  PlannedRun resampled = run("even", 3, 960, "new");
  resampled.resamples = 19;
  resampled.decisions = 960;
  EXPECT_THAT(planned_table({resampled}), HasSubstr("family  resamples  prompts "));
  EXPECT_THAT(planned_table({run("even", 3, 48, "new")}), Not(HasSubstr("resamples")));
}

TEST(PlannedJobAsJson, HasEveryRun) {
  PlannedRun left_out = run("odd", 3, 0, "left out");
  left_out.reason = "it prefers the distractors";
  const auto json = nlohmann::json::parse(to_json(PlannedJob{
      "job.yaml", "m", {run("even", 3, 48, "new"), left_out}, 4, 1.5, {"family even: is odd"}}));
  EXPECT_EQ(json["ranks"], 4);
  EXPECT_EQ(json["expected_seconds"], 1.5);
  EXPECT_EQ(json["warnings"][0], "family even: is odd");
  ASSERT_EQ(json["runs"].size(), 2u);
  EXPECT_EQ(json["runs"][0]["left"], 48);
  EXPECT_EQ(json["runs"][0]["reason"], "");
  EXPECT_EQ(json["runs"][1]["state"], "left out");
  EXPECT_EQ(json["runs"][1]["reason"], "it prefers the distractors");
}

}  // namespace
}  // namespace headsweep
