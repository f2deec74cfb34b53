#include "io/cost_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;

CostModel some_cost() {
  CostModel cost;
  cost.backend = "cpu: \"fast\"";
  cost.family = {{0.001, 0.1, 1.0 / 3}, 4, 0.4, 0.25, 0.125};
  cost.cluster = {1.5, 1.4e9, 2e9, 5e-6, 1e-4};
  return cost;
}

CostModel read(const std::string& content) {
  const TemporaryFolder folder;
  return read_cost(folder.write("cost.json", content));
}

void expect_refused(const std::string& content, const std::string& what) {
  EXPECT_THAT([&] { read(content); },
              testing::ThrowsMessage<UserError>(AllOf(HasSubstr("cost.json: "), HasSubstr(what))))
      << content;
}

/// The text of some_cost() with a part replaced.
std::string with(const std::string& old, const std::string& replacement) {
  std::string text = to_json(some_cost());
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), replacement);
}

TEST(CostFile, IsReadAsItWasWritten) {
  const CostModel cost = some_cost(), back = read(to_json(cost));
  EXPECT_EQ(back.backend, cost.backend);
  EXPECT_EQ(back.family.evaluation_seconds, cost.family.evaluation_seconds);
  EXPECT_EQ(back.family.circuits_side_by_side, 4);
  EXPECT_EQ(back.family.further_circuit, 0.4);
  EXPECT_EQ(back.family.family_seconds, 0.25);
  EXPECT_EQ(back.family.baseline_seconds, 0.125);
  EXPECT_EQ(back.cluster.loading_seconds, 1.5);
  EXPECT_EQ(back.cluster.checkpoint_bytes, 1.4e9);
  EXPECT_EQ(back.cluster.broadcast_bytes_per_second, 2e9);
  EXPECT_EQ(back.cluster.message_seconds, 5e-6);
  EXPECT_EQ(back.cluster.handling_seconds, 1e-4);
  EXPECT_EQ(to_json(back), to_json(cost));
}

TEST(CostFile, WhatLiesBetweenRanksMayBeLeftOut) {
  const CostModel cost = read(
      R"({"backend": "x", "evaluation_seconds": [1], "circuits_side_by_side": 1,
          "further_circuit": 1, "family_seconds": 0, "baseline_seconds": 0})");
  EXPECT_EQ(cost.cluster.message_seconds, ClusterCost().message_seconds);
  EXPECT_EQ(cost.cluster.broadcast_bytes_per_second, ClusterCost().broadcast_bytes_per_second);
}

TEST(CostFile, WhatIsMissingOrUnknownIsNamed) {
  expect_refused("{}", "backend: is missing; headsweep bench cost");
  expect_refused(with("\"family_seconds\"", "\"familly_seconds\""), "family_seconds: is missing");
  expect_refused(with("\"message_seconds\"", "\"mesage_seconds\""),
                 "'mesage_seconds': unknown name (did you mean 'message_seconds'?)");
}

TEST(CostFile, ValuesOfTheWrongKindAreRefused) {
  expect_refused(with("\"family_seconds\":0.25", "\"family_seconds\":\"0.25\""),
                 "family_seconds: must be a number");
  expect_refused(with("\"family_seconds\":0.25", "\"family_seconds\":-1"),
                 "family_seconds: -1 is negative");
  expect_refused(with("\"circuits_side_by_side\":4", "\"circuits_side_by_side\":2.5"),
                 "circuits_side_by_side: must be a whole number");
  expect_refused(with("\"circuits_side_by_side\":4", "\"circuits_side_by_side\":0"),
                 "circuits_side_by_side: must be a whole number from 1");
  expect_refused(with("[0.001,", "[0,"), "evaluation_seconds: must be more than 0");
  expect_refused(with("[0.001,", "[null,"), "evaluation_seconds: must be a number");
  expect_refused(R"({"backend": "x", "evaluation_seconds": []})",
                 "evaluation_seconds: must be a list");
  expect_refused(
      with("\"broadcast_bytes_per_second\":2000000000.0", "\"broadcast_bytes_per_second\":0"),
      "broadcast_bytes_per_second: must be more than 0");
}

TEST(CostFile, WhatIsNoJsonObjectIsRefused) {
  expect_refused("[1, 2]", "must hold one JSON object");
  expect_refused("{\"backend\": ", "not valid JSON");
  expect_refused(with("\"backend\"", "\"family_seconds\":1,\"backend\""), "twice");
  const TemporaryFolder folder;
  EXPECT_THROW(read_cost(folder.path() / "missing.json"), UserError);
}

}  // namespace
}  // namespace headsweep
