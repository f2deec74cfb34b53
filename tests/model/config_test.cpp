#include "model/config.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/complaints.h"
#include "tests/temporary_folder.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using Values = std::map<std::string, std::string>;

/// The smallest config.json, with some values changed; an empty value leaves the key out.
ModelConfig read_with(const Values& changes) {
  Values values{{"n_layer", "12"},
                {"n_head", "4"},
                {"n_embd", "64"},
                {"n_positions", "128"},
                {"vocab_size", "50257"}};
  for (const auto& [key, value] : changes) values[key] = value;
  std::string content;
  for (const auto& [key, value] : values)
    if (!value.empty()) content += (content.empty() ? "{" : ",\n") + ('"' + key + "\": ") + value;
  const TemporaryFolder folder;
  folder.write("config.json", content + "}");
  return read_config(folder.path());
}

TEST(ConfigTest, ReadsACheckpointsShape) {
  const ModelConfig a = read_config(HEADSWEEP_TEST_DATA "/models/tiny-a");
  EXPECT_EQ(a.layers, 3);
  EXPECT_EQ(a.heads, 4);
  EXPECT_EQ(a.d_model, 64);
  EXPECT_EQ(a.d_head(), 16);
  EXPECT_EQ(a.d_mlp, 256);
  EXPECT_EQ(a.positions, 128);
  EXPECT_EQ(a.vocabulary, 50257);
  EXPECT_EQ(a.layer_norm_epsilon, 1e-5);
}

TEST(ConfigTest, ReadsWidthOfTheMlpAndEpsilonThatDifferFromGpt2s) {
  const ModelConfig b = read_config(HEADSWEEP_TEST_DATA "/models/tiny-b");
  EXPECT_EQ(b.d_mlp, 100);
  EXPECT_EQ(b.layer_norm_epsilon, 1e-6);
}

TEST(ConfigTest, WhatMayBeAbsentHasGpt2sValue) {
  const ModelConfig config = read_with({});
  EXPECT_EQ(config.d_mlp, 256);
  EXPECT_EQ(config.layer_norm_epsilon, 1e-5);
  EXPECT_EQ(read_with({{"n_inner", "null"}}).d_mlp, 256);
}

TEST(ConfigTest, PositionsMayBeGivenAsContext) {
  EXPECT_EQ(read_with({{"n_positions", ""}, {"n_ctx", "77"}}).positions, 77);
  EXPECT_EQ(read_with({{"n_ctx", "77"}}).positions, 128);
  EXPECT_THAT([] { read_with({{"n_positions", ""}, {"n_ctx", "0"}}); }, refuses_with("n_ctx: 0"));
}

TEST(ConfigTest, OptionsThatLeaveTheModelGpt2AreAccepted) {
  EXPECT_NO_THROW(read_with({{"model_type", "\"gpt2\""},
                             {"activation_function", "\"gelu_new\""},
                             {"scale_attn_weights", "true"},
                             {"scale_attn_by_inverse_layer_idx", "false"},
                             {"reorder_and_upcast_attn", "true"},
                             {"add_cross_attention", "false"},
                             {"tie_word_embeddings", "true"},
                             {"attn_pdrop", "0.1"}}));
  for (const char* name : {"\"gelu_pytorch_tanh\"", "\"gelu_fast\"", "\"gelu_new\""})
    EXPECT_EQ(read_with({{"activation_function", name}}).activation, Activation::gelu_tanh);
  EXPECT_EQ(read_with({{"activation_function", "\"gelu\""}}).activation, Activation::gelu);
}

TEST(ConfigTest, OptionsThatMakeAnotherModelAreRefused) {
  const Values refused{{"model_type", "\"gpt_neo\""},   {"activation_function", "\"relu\""},
                       {"scale_attn_weights", "false"}, {"scale_attn_by_inverse_layer_idx", "true"},
                       {"add_cross_attention", "true"}, {"tie_word_embeddings", "false"}};
  for (const auto& [key, value] : refused) {
    const std::string bare = value.front() == '"' ? value.substr(1, value.size() - 2) : value;
    EXPECT_THAT(([&, key = key, value = value] {
                  read_with({{key, value}});
                }),
                refuses_with("config.json: " + key + ": ", bare, std::string("not supported")));
  }
}

TEST(ConfigTest, AMissingValueIsNamed) {
  for (const char* key : {"n_layer", "n_head", "n_embd", "n_positions", "vocab_size"})
    EXPECT_THAT(
        [&] {
          read_with({{key, ""}});
        },
        refuses_with("config.json: " + std::string(key) + ": missing"));
}

TEST(ConfigTest, ImpossibleValuesAreNamedWithWhatIsSupported) {
  const std::map<std::string, std::string> too_large{
      {"n_layer", "1025"},    {"n_head", "1025"},         {"n_embd", "65540"},
      {"n_inner", "1048577"}, {"n_positions", "1048577"}, {"vocab_size", "16777217"}};
  for (const auto& [key, large] : too_large)
    for (const std::string& value :
         {large, std::string("0"), std::string("-1"), std::string("9223372036854775807")})
      EXPECT_THAT(([&, key = key] {
                    read_with({{key, value}});
                  }),
                  refuses_with("config.json: " + key + ": " + value, std::string("1 to ")));
  tried("input", "config.json with sizes that are zero, negative or giant",
        "refused: names the key and what is supported");
}

TEST(ConfigTest, TheLargestShapeIsAccepted) {
  const ModelConfig config = read_with({{"n_layer", "1024"},
                                        {"n_head", "1024"},
                                        {"n_embd", "65536"},
                                        {"n_inner", "1048576"},
                                        {"n_positions", "1048576"},
                                        {"vocab_size", "16777216"}});
  EXPECT_EQ(config.d_head(), 64);
}

TEST(ConfigTest, AValueOfAnotherTypeIsRefused) {
  EXPECT_THAT([] { read_with({{"n_layer", "\"12\""}}); }, refuses_with("n_layer: ", "\"12\""));
  EXPECT_THAT([] { read_with({{"n_layer", "12.5"}}); }, refuses_with("n_layer: ", "12.5"));
}

TEST(ConfigTest, TheWidthMustBeAMultipleOfTheHeads) {
  EXPECT_THAT(
      [] {
        read_with({{"n_head", "5"}});
      },
      refuses_with("config.json: n_embd: 64", "n_head: 5", "multiple"));
}

TEST(ConfigTest, EpsilonMustBePositive) {
  for (const char* value : {"0", "-1e-05"})
    EXPECT_THAT(
        [&] {
          read_with({{"layer_norm_epsilon", value}});
        },
        refuses_with("config.json: layer_norm_epsilon: " + std::string(value)));
}

TEST(NeoxConfig, IsReadAsPythiasAre) {
  const ModelConfig trained = read_config(HEADSWEEP_TEST_DATA "/models/tiny-neox"),
                    random = read_config(HEADSWEEP_TEST_DATA "/models/random-neox");
  EXPECT_EQ(trained.kind, ModelKind::gpt_neox);
  EXPECT_EQ(trained.layers, 4);
  EXPECT_EQ(trained.d_head(), 16);
  EXPECT_EQ(trained.rotary_columns, 4);
  EXPECT_EQ(trained.rotary_base, 10000);
  EXPECT_EQ(trained.activation, Activation::gelu);
  EXPECT_TRUE(trained.is_parallel());
  EXPECT_EQ(random.d_mlp, 56);
  EXPECT_EQ(random.rotary_columns, 4);
  EXPECT_EQ(random.rotary_base, 100);
  EXPECT_EQ(random.layer_norm_epsilon, 1e-6);
  EXPECT_EQ(random.activation, Activation::gelu_tanh);
  EXPECT_FALSE(random.is_parallel());
}

TEST(NeoxConfig, OptionsThatMakeAnotherModelAreRefused) {
  const std::vector<std::pair<const char*, const char*>> refused = {
      {"hidden_act", "\"relu\""},      {"attention_bias", "false"},
      {"tie_word_embeddings", "true"}, {"rope_scaling", R"({"type": "linear"})"},
      {"rope_parameters", "{}"},       {"rotary_pct", "0.01"},
      {"rotary_pct", "1.5"},           {"rotary_emb_base", "0"}};
  for (const auto& [key, value] : refused) {
    const TemporaryFolder folder;
    nlohmann::json config = {{"model_type", "gpt_neox"}, {"num_hidden_layers", 2},
                             {"num_attention_heads", 2}, {"hidden_size", 16},
                             {"intermediate_size", 32},  {"max_position_embeddings", 8},
                             {"vocab_size", 11},         {"rotary_pct", 0.25}};
    folder.write("config.json", config.dump());
    EXPECT_NO_THROW(read_config(folder.path()));
    config[key] = nlohmann::json::parse(value);
    folder.write("config.json", config.dump());
    EXPECT_THAT([&] { read_config(folder.path()); },
                refuses_with("config.json: " + std::string(key) + ": "));
  }
}

TEST(ConfigTest, AFolderWithoutConfigIsTheUsersMistake) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { read_config(folder.path()); }, refuses_with("config.json"));
}

}  // namespace
}  // namespace headsweep
