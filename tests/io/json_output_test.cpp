#include "io/json_output.h"

#include <bit>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace headsweep {
namespace {

TEST(JsonOutput, OfPromptHasTheDocumentedForm) {
  NextTokenTable table;
  table.tokens = {50256, 16};
  table.answer_token = 604;
  table.rank = 3;
  table.top = {{17, " 2", 1.5, 0.25}, {18, "\"\n", -2, 0.125}};
  EXPECT_EQ(to_json(table), R"({"tokens":[50256,16],"answer_token":604,"rank":3,)"
                            R"("top":[[17," 2",1.5,0.25],[18,"\"\n",-2.0,0.125]]})");
}

TEST(JsonOutput, OfScoreHasTheDocumentedForm) {
  ScoreResult result;
  result.score_percent = 98.5;
  result.logit_difference = 1.25;
  result.per_prompt = {1, 1.5};
  EXPECT_EQ(to_json(result),
            R"({"score_percent":98.5,"logit_difference":1.25,"per_prompt":[1.0,1.5]})");
  EXPECT_EQ(to_json(ScoreResult{}),
            R"({"score_percent":0.0,"logit_difference":0.0,"per_prompt":[]})");
}

TEST(JsonOutput, OfFamiliesHasTheDocumentedForm) {
  ListedFamily family;
  family.name = "count";
  family.corruption = "shuffle";
  family.position_names = {"S1", "end"};
  family.clean = {{"1 2", "3", "2", 0, {16, 362}, 513, 362, {0, 1}}};
  family.generated = 2;
  family.warnings = {"is odd \u009b"};
  family.prompts_left_out = {{"x y", "'x' is 2 tokens"}};
  EXPECT_EQ(to_json(std::vector{family}),
            R"({"families":[{"name":"count","corruption":"shuffle","position_names":["S1","end"],)"
            R"("clean":[{"text":"1 2","answer":"3","distractor":"2","template":0,)"
            R"("tokens":[16,362],"answer_token":513,"distractor_token":362,"positions":[0,1]}],)"
            R"("corrupted":[],"generated":2,"warnings":["is odd \u009b"],)"
            R"("left_out":{"prompts":[{"text":"x y","reason":"'x' is 2 tokens"}],"words":[]}}]})");
}

TEST(JsonOutput, OfModelHasEveryFieldOfTheSummary) {
  ModelSummary summary;
  summary.path = "models/gpt2";
  summary.kind = "gpt2";
  summary.layout = "hub";
  summary.layers = 12;
  summary.heads = 11;
  summary.d_model = 768;
  summary.d_head = 64;
  summary.d_mlp = 3072;
  summary.positions = 1024;
  summary.vocabulary = 50257;
  summary.layer_norm_epsilon = 1e-5;
  summary.element_types = {"F32", "F16"};
  summary.parameters = 124'439'808;
  summary.sha256 = "ab";
  summary.tokenizer_sha256 = "cd";
  EXPECT_EQ(
      to_json(summary),
      R"({"path":"models/gpt2","model_type":"gpt2","layout":"hub","layers":12,"heads":11,"d_model":768,)"
      R"("d_head":64,"d_mlp":3072,"positions":1024,"vocabulary":50257,)"
      R"("layer_norm_epsilon":1e-05,"element_types":["F32","F16"],)"
      R"("parameters":124439808,"sha256":"ab","tokenizer_sha256":"cd"})");
}

TEST(JsonOutput, OfShowHasTheDocumentedForm) {
  RunRecord record;
  record.status = RunStatus::stopped;
  record.identity = {{"weights", "ab"}, {"ablation", "mean"}};
  record.family = "odd5";
  record.layers = 1;
  record.heads = 3;
  record.threshold = 3;
  record.full_mean = 2.5;
  record.full_per_prompt = {2, 3};
  record.hosts = {"node1", "node2"};
  record.work = {7, 5'000'000'000, 2, 1.5, 0.25, 0};
  record.decisions = {{0, 1, 99.5, -2.5, true, 0.5, 7, 3, 1, {1, 2}, 1, 0.25, true}};
  record.rungs = {{"bf16", 0.5, 0.125, 0.25}, {"fp64", 2, 0, 0}};
  record.audit = {{0, 99.75, false}};
  EXPECT_EQ(
      to_json(record),
      R"({"status":"stopped","family":"odd5","threshold":3.0,)"
      R"("identity":{"weights":"ab","ablation":"mean"},"provenance":{},)"
      R"("layers":1,"heads":3,"full":{"mean":2.5,"per_prompt":[2.0,3.0]},)"
      R"("precision":{"rungs":[{"name":"bf16","cost":0.5,"error":0.125,"guard":0.25},)"
      R"({"name":"fp64","cost":2.0,"error":0.0,"guard":0.0}]},)"
      R"("decisions":[{"layer":0,"component":"head","head":1,"score_percent":99.5,"removed":true,)"
      R"("margin":-2.5,"seconds":0.5,"per_prompt":[1.0,2.0],"wave":7,"rank":3,"host":"node2",)"
      R"("rung":"fp64","guard":0.25,"tie":true}],)"
      R"("circuit":[[0,0],[0,2]],"mlps":null,)"
      R"("work":{"waves":7,"evaluations":5000000000,"discarded":2,"compute_seconds":1.5,)"
      R"("communication_seconds":0.25,"waiting_seconds":0.0},"single_removals":[],)"
      R"("audit":[{"decision":0,"layer":0,"component":"head","head":1,"score_percent":99.75,"agrees":false}]})");
  record.single_removals = {{0, 1, 99.5}, {0, 2, 98}};
  record.audit.clear();
  EXPECT_THAT(to_json(record),
              testing::EndsWith(R"("single_removals":[[0,1,99.5],[0,2,98.0]],"audit":[]})"));
}

TEST(JsonOutput, OfShowSaysWhichComponentADecisionIsAboutAndWhatIsKept) {
  RunRecord record;
  record.layers = 2;
  record.heads = 1;
  record.components = Components::heads_and_mlps;
  record.hosts = {"node1"};
  record.decisions = {{1, no_head, 99.5, -2.5, true, 0.5, 7, 3, 0, {}},
                      {1, 0, 99.5, -2.5, true, 0.5, 7, 3, 0, {}}};
  record.audit = {{0, 99.5, true}};
  EXPECT_THAT(to_json(record),
              testing::AllOf(testing::HasSubstr(R"({"layer":1,"component":"mlp","head":null,)"),
                             testing::HasSubstr(R"({"layer":1,"component":"head","head":0,)"),
                             testing::HasSubstr(R"("circuit":[[0,0]],"mlps":[0],)")));
  record.granularity = Granularity::position;
  record.position_names = {"S1", "end"};
  record.decisions[1].position = 1;
  EXPECT_THAT(
      to_json(record),
      testing::AllOf(testing::HasSubstr(R"("component":"mlp","head":null,"position":null,)"),
                     testing::HasSubstr(R"("component":"head","head":0,"position":"end",)"),
                     testing::HasSubstr(R"("circuit":[[0,0],[1,0]],"mlps":[0],)"
                                        R"("positions":{"S1":[[0,0],[1,0]],"end":[[0,0]]},)")));
}

TEST(JsonOutput, OfShowNamesNoRungWhereTheRunHasNone) {
  RunRecord record;
  record.layers = record.heads = 1;
  record.hosts = {"node1"};
  record.decisions = {{0, 0, 99.5, -2.5, true, 0.5, 7, 3, 0, {}}};
  EXPECT_THAT(to_json(record), testing::HasSubstr(R"("rung":null)"));
  EXPECT_THAT(to_json(record), testing::HasSubstr(R"("precision":{"rungs":[]})"));
}

TEST(JsonOutput, NumbersReadBackToTheSameBits) {
  ScoreResult result;
  result.per_prompt = {0.1,    1.0 / 3,           -0.0, 5e-324, 1.7976931348623157e308,
                       1e-300, 98.76543210987654, 2e15, 1e16,   123456789012345678.0};
  const auto back = nlohmann::json::parse(to_json(result)).at("per_prompt");
  ASSERT_EQ(back.size(), result.per_prompt.size());
  for (std::size_t i = 0; i < back.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i].get<double>()),
              std::bit_cast<std::uint64_t>(result.per_prompt[i]))
        << i;
}

TEST(JsonOutput, ReplacesHalfACharacterInsteadOfFailing) {
  NextTokenTable table;
  table.top = {{1, "\xe2\x82", 0, 0}, {2, "\xff", 0, 0}};
  const auto back = nlohmann::json::parse(to_json(table));
  EXPECT_EQ(back.at("top")[0][1], "\uFFFD");
  EXPECT_EQ(back.at("top")[1][1], "\uFFFD");
}

}  // namespace
}  // namespace headsweep
