#include "model/stored_weights.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/next_token.h"
#include "tests/complaints.h"
#include "tests/near.h"
#include "tests/processor.h"
#include "tests/small_checkpoint.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using testing::ElementsAre;

/// The weights of a checkpoint, opened in a folder of their own.
struct Opened {
  explicit Opened(const SmallCheckpoint& checkpoint) {
    checkpoint.write(folder);
    weights.emplace(folder.path(), checkpoint.config);
  }

  TemporaryFolder folder;
  std::optional<StoredWeights> weights;
};

TEST(StoredWeights, AreTheCheckpointsUnderNamesWithoutThePrefix) {
  for (const std::string prefix : {"", "transformer."}) {
    const SmallCheckpoint checkpoint(prefix);
    const Opened opened(checkpoint);
    EXPECT_EQ(opened.weights->prefix(), prefix);
    EXPECT_EQ(opened.weights->values(ModelTensor::position_embedding),
              checkpoint.tensors.at(prefix + "wpe.weight").values);
    EXPECT_EQ(opened.weights->values(1, LayerTensor::mlp_input_bias),
              checkpoint.tensors.at(prefix + "h.1.mlp.c_fc.bias").values);
    long long parameters = 0;
    for (const auto& [name, tensor] : checkpoint.tensors)
      parameters += static_cast<long long>(tensor.values.size());
    EXPECT_EQ(opened.weights->parameters(), parameters);
    EXPECT_THAT(opened.weights->element_types(), ElementsAre("F32"));
  }
}

TEST(StoredWeights, AreReadRowByRow) {
  const SmallCheckpoint checkpoint;
  const Opened opened(checkpoint);
  const auto& embedding = checkpoint.tensors.at("wte.weight").values;
  std::vector<float> row(12);
  opened.weights->read_embedding(10, row);
  EXPECT_EQ(row, std::vector<float>(embedding.begin() + 120, embedding.end()));

  const auto& matrix = checkpoint.tensors.at("h.1.attn.c_attn.weight").values;
  const Range inputs{5, 1}, outputs{0, 12};
  opened.weights->read_part(1, LayerTensor::attention_input, {&inputs, 1}, {&outputs, 1}, row);
  EXPECT_EQ(row, std::vector<float>(matrix.begin() + 5 * 36, matrix.begin() + 5 * 36 + 12));
}

TEST(StoredWeights, ReadTheSameAfterTheirMemoryWasGivenBack) {
  const SmallCheckpoint checkpoint;
  const Opened opened(checkpoint);
  opened.weights->release_layer(0);
  opened.weights->release_embeddings();
  EXPECT_EQ(opened.weights->values(0, LayerTensor::attention_shift),
            checkpoint.tensors.at("h.0.ln_1.bias").values);
  EXPECT_EQ(opened.weights->values(ModelTensor::embedding),
            checkpoint.tensors.at("wte.weight").values);
}

TEST(StoredWeights, BothLayoutsOfRealCheckpointsAreRead) {
  for (const char* name : {"tiny-a", "tiny-b"}) {
    const std::filesystem::path folder =
        std::filesystem::path(HEADSWEEP_TEST_DATA) / "models" / name;
    const StoredWeights weights(folder, read_config(folder));
    EXPECT_EQ(weights.prefix(), std::string(name) == "tiny-a" ? "transformer." : "");
    EXPECT_EQ(weights.sha256().size(), 64u);
  }
}

TEST(StoredWeights, AMissingTensorIsNamed) {
  for (const std::string name :
       {"ln_f.bias", "h.1.attn.c_proj.weight", "h.0.ln_2.bias", "wpe.weight"})
    for (const std::string prefix : {"", "transformer."}) {
      SmallCheckpoint checkpoint(prefix);
      checkpoint.tensors.erase(prefix + name);
      EXPECT_THAT([&] { Opened opened(checkpoint); },
                  refuses_with("tensor '" + prefix + name + "' is missing"));
    }
}

TEST(StoredWeights, ACheckpointOfAnotherKindIsRefused) {
  SmallCheckpoint checkpoint;
  checkpoint.tensors.erase("wte.weight");
  EXPECT_THAT([&] { Opened opened(checkpoint); },
              refuses_with("neither 'wte.weight' nor 'transformer.wte.weight'"));
}

TEST(StoredWeights, AWrongShapeIsNamedWithWhatConfigAsksFor) {
  SmallCheckpoint checkpoint;
  checkpoint.add("h.0.attn.c_attn.weight", {36, 12});  // transposed
  EXPECT_THAT(
      [&] { Opened opened(checkpoint); },
      refuses_with("tensor 'h.0.attn.c_attn.weight'", "shape [36, 12]", "asks for [12, 36]"));
  checkpoint = SmallCheckpoint();
  checkpoint.config.vocabulary = 12;
  EXPECT_THAT([&] { Opened opened(checkpoint); },
              refuses_with("tensor 'wte.weight'", "[11, 12]", "[12, 12]"));
}

TEST(StoredWeights, NumbersOfAnotherTypeAreRefused) {
  SmallCheckpoint checkpoint;
  checkpoint.tensors.at("h.1.ln_1.weight").type = "F64";
  EXPECT_THAT([&] { Opened opened(checkpoint); },
              refuses_with("tensor 'h.1.ln_1.weight' holds F64 numbers"));
}

TEST(StoredWeights, ATensorThatWouldBeIgnoredIsRefused) {
  for (const std::string name :
       {"h.2.ln_1.weight", "h.0.attn.q_proj.weight", "score.weight", "transformer.h.0.ln_1.bias"}) {
    SmallCheckpoint checkpoint;
    checkpoint.add(name, {12});
    EXPECT_THAT([&] { Opened opened(checkpoint); },
                refuses_with("tensor '" + name + "' is no part of a GPT-2 with 2 "));
  }
}

TEST(StoredWeights, BuffersWithTheCausalMaskAreAccepted) {
  for (const std::string prefix : {"", "transformer."}) {
    SmallCheckpoint checkpoint(prefix);
    checkpoint.add(prefix + "h.0.attn.bias", {1, 1, 8, 8});
    checkpoint.add(prefix + "h.1.attn.masked_bias", {});
    EXPECT_NO_THROW(Opened{checkpoint});
  }
}

TEST(StoredWeights, ATiedUnembeddingIsAcceptedAndAnUntiedOneRefused) {
  for (const std::string prefix : {"", "transformer."}) {
    SmallCheckpoint checkpoint(prefix);
    checkpoint.tensors["lm_head.weight"] = checkpoint.tensors.at(prefix + "wte.weight");
    EXPECT_NO_THROW(Opened{checkpoint});
    checkpoint.tensors.at("lm_head.weight").values.back() += 1;
    EXPECT_THAT([&] { Opened opened(checkpoint); },
                refuses_with("'lm_head.weight' differs from '" + prefix + "wte.weight'"));
  }
}

TEST(StoredWeights, NanAndInfinityAreRefusedByTensorAndPlace) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = INFINITY;
  for (const std::string type : {"F32", "F16", "BF16"})
    for (const auto& [bad, shown] :
         {std::pair(nan, "nan"), std::pair(infinity, "inf"), std::pair(-infinity, "-inf")}) {
      SmallCheckpoint checkpoint("transformer.");
      for (auto& [name, tensor] : checkpoint.tensors) tensor.type = type;
      checkpoint.tensors.at("transformer.h.1.mlp.c_fc.weight").values[2 * 20 + 3] = bad;
      checkpoint.tensors.at("transformer.h.0.ln_1.bias").values[11] = bad;
      checkpoint.tensors.at("transformer.wte.weight").values[5 * 12 + 1] = bad;
      const Opened opened(checkpoint);
      const std::string holds = fmt::format(" holds {} at ", shown);
      std::vector<float> row(12);
      EXPECT_THAT([&] { opened.weights->values(1, LayerTensor::mlp_input); },
                  refuses_with(opened.folder.path().string(),
                               "tensor 'transformer.h.1.mlp.c_fc.weight'" + holds + "[2, 3]"));
      EXPECT_THAT([&] { opened.weights->values(0, LayerTensor::attention_shift); },
                  refuses_with("tensor 'transformer.h.0.ln_1.bias'" + holds + "[11]"));
      const Range inputs{2, 1}, outputs{0, 12};
      const auto read_part = [&] {
        opened.weights->read_part(1, LayerTensor::mlp_input, {&inputs, 1}, {&outputs, 1}, row);
      };
      EXPECT_THAT(read_part, refuses_with("h.1.mlp.c_fc.weight'" + holds + "[2, 3]"));
      EXPECT_THAT([&] { opened.weights->read_embedding(5, row); },
                  refuses_with("wte.weight'" + holds + "[5, 1]"));
      EXPECT_NO_THROW(opened.weights->read_embedding(4, row));
    }
  tried("input", "weights that are NaN or infinite, in F32, F16 and BF16",
        "refused where they are used: names the tensor and the place in it");
}

/// The last bit of an element's fraction is worth 2^-10 or 2^-7 of it; rounding is off by half of
/// that.
class HalfPrecision : public testing::TestWithParam<std::pair<std::string, float>> {
 protected:
  SmallCheckpoint original, halved;

  void SetUp() override {
    for (auto& [name, tensor] : halved.tensors) tensor.type = GetParam().first;
  }
};

TEST_P(HalfPrecision, ValuesAreTheNearestThatTheTypeHas) {
  const Opened opened(halved);
  EXPECT_THAT(opened.weights->element_types(), ElementsAre(GetParam().first));
  for (const auto& [name, tensor] : original.tensors) {
    std::vector<float> got(tensor.values.size());
    read_floats(*Checkpoint(opened.folder.path()).find(name), 0, got);
    bool exact = true;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], tensor.values[i], std::abs(tensor.values[i]) * GetParam().second + 1e-7)
          << name << i;
      exact = exact && got[i] == tensor.values[i];
    }
    EXPECT_FALSE(exact) << name;
  }
}

TEST_P(HalfPrecision, TheModelPredictsNearlyTheSame) {
  const auto backend = open_processor(Rung::fp32, 1);
  const auto logits = [&](const SmallCheckpoint& checkpoint) {
    TemporaryFolder folder;
    checkpoint.write(folder);
    return next_token_logits(Model(folder.path(), *backend), {1, 7, 3}, Processing::none);
  };
  const std::vector<double> expected = logits(original);
  // Logits are sums of 12 products of size one.
  EXPECT_TRUE(all_near(logits(halved), expected, 12 * 4 * GetParam().second));
  EXPECT_GT(*std::max_element(expected.begin(), expected.end()), 100 * GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(Types, HalfPrecision,
                         testing::Values(std::pair("F16", std::ldexp(1.0f, -11)),
                                         std::pair("BF16", std::ldexp(1.0f, -8))),
                         [](const auto& info) { return info.param.first; });

}  // namespace
}  // namespace headsweep
