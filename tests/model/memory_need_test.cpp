// The memory that is reckoned is held against what a backend is asked for.
#include "model/memory_need.h"

#include <memory>

#include <gtest/gtest.h>

#include "model/circuit_forward.h"
#include "tests/counting_backend.h"
#include "tests/golden.h"
#include "tests/random_circuits.h"

namespace headsweep {
namespace {

struct Setting {
  const char *model, *family;
  Ablation ablation;
  Rung rung;
  int most_circuits;
  Components components = Components::heads;
  MlpMeans mlp_means = MlpMeans::clean;

  AblationRule rule() const { return {ablation, Positions::all, components, mlp_means}; }
};

class MemoryNeedTest : public testing::TestWithParam<Setting> {
 protected:
  /// Fills every cache.
  static void run_much(CircuitForward& forward, const Gpt2Config& config, Components components) {
    forward.run_full_model();
    RandomCircuits random(config, 1, 1, components);
    std::vector<Circuit> circuits = random.some(60);
    for (const Circuit& edge : edge_circuits(config, 1, components)) circuits.push_back(edge);
    const auto most = static_cast<std::size_t>(forward.most_circuits());
    for (std::size_t first = 0; first < circuits.size(); first += most)
      forward.run(std::span(circuits).subspan(first, std::min(most, circuits.size() - first)));
  }
};

TEST_P(MemoryNeedTest, IsNeverLessThanWhatIsAllocatedAndAtMostAQuarterMore) {
  const Setting& setting = GetParam();
  CountingBackend backend(open_device(DeviceChoice::cpu, setting.rung, 1));
  const Gpt2 model(golden::data(std::string("models/") + setting.model), backend);
  const Family family = tokenize_family(golden::prompts(setting.family), golden::gpt2_tokenizer(),
                                        model.config(), setting.ablation, Positions::all);
  CircuitForward forward(model, family.clean, family.corrupted, setting.rule(),
                         setting.most_circuits);
  run_much(forward, model.config(), setting.components);
  const BackendMemory rung = backend_memory(model.config(), backend);
  const MemoryNeed need = memory_need(model.config(), {&rung, 1},
                                      family_shape(family.clean, family.corrupted, setting.rule()),
                                      setting.most_circuits);
  EXPECT_GE(need.peak(), backend.peak_bytes());
  EXPECT_LE(need.peak(), backend.peak_bytes() + backend.peak_bytes() / 4);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, MemoryNeedTest,
    testing::Values(Setting{"tiny-a", "even", Ablation::mean, Rung::fp32, 1},
                    Setting{"tiny-a", "mixed", Ablation::mean, Rung::fp64, 4},
                    Setting{"tiny-b", "ragged", Ablation::resample, Rung::fp32, 8},
                    Setting{"tiny-b", "even", Ablation::zero, Rung::fp32, 2},
                    Setting{"tiny-a", "mixed", Ablation::mean, Rung::fp32, 4,
                            Components::heads_and_mlps, MlpMeans::clean},
                    Setting{"tiny-a", "even", Ablation::mean, Rung::fp32, 2,
                            Components::heads_and_mlps, MlpMeans::under_head_mask}),
    [](const auto& info) {
      return golden::test_name(std::string(info.param.model) + "_" + info.param.family + "_" +
                               name_of(info.param.ablation) + "_" + name_of(info.param.rung) + "_" +
                               name_of(info.param.components) + name_of(info.param.mlp_means));
    });

const Gpt2Config config{.layers = 12,
                        .heads = 12,
                        .d_model = 768,
                        .d_mlp = 3072,
                        .positions = 1024,
                        .vocabulary = 50257};
const BackendMemory bf16{Element::float32, "bfloat16", 14'155'776, 1'179'648, 3'538'944},
    fp32{Element::float32, "float32", 28'311'552, 2'359'296, 7'077'888},
    fp64{Element::float64, "float32", 28'311'552, 2'359'296, 7'077'888};
const FamilyShape family{60, 10, 6, 60, 6};

TEST(MemoryNeedOfALadder, CountsWeightsOfOneFormOnce) {
  const auto of = [](const std::vector<BackendMemory>& rungs) {
    return memory_need(config, rungs, family, 8);
  };
  const std::int64_t scales = 2 * 12 * 768 * 8;
  EXPECT_EQ(of({fp32, fp64}).weights, of({fp32}).weights + scales);
  EXPECT_EQ(of({bf16, fp32}).weights, of({bf16}).weights + of({fp32}).weights);
  EXPECT_EQ(of({bf16, fp32}).family, of({bf16}).family + of({fp32}).family);
}

TEST(MemoryNeedOfALadder, CountsTheWorkspaceOfLongPromptsOnceIfThereAreAny) {
  BackendMemory gpu_fp32 = fp32, gpu_fp64 = fp64;
  for (BackendMemory* each : {&gpu_fp32, &gpu_fp64}) {
    each->long_rows = 512;
    each->long_rows_bytes = 64'000'000;
  }
  FamilyShape prompts = family;
  const auto peak = [&](int longest, const std::vector<BackendMemory>& rungs) {
    prompts.longest = longest;
    return memory_need(config, rungs, prompts, 8).peak();
  };
  const std::int64_t without = peak(6, {fp32, fp64});
  EXPECT_EQ(peak(511, {gpu_fp32, gpu_fp64}), without);
  EXPECT_EQ(peak(512, {gpu_fp32, gpu_fp64}), without + 64'000'000);
  EXPECT_EQ(peak(512, {fp32, fp64}), without);  // no GPU's
}

TEST(MemoryNeedOfALadder, KnowsTheLongestPromptThatIsRun) {
  PromptBatch clean, corrupted;
  clean.tokens = {{1, 2, 3}, {4, 5}};
  clean.templates = {0, 0};
  corrupted.tokens = {{1, 2}, {4, 5, 6, 7}};
  corrupted.templates = {0, 0};
  EXPECT_EQ(family_shape(clean, corrupted, {Ablation::mean}).longest, 4);
  EXPECT_EQ(family_shape(clean, corrupted, {Ablation::resample}).longest, 4);
  EXPECT_EQ(family_shape(clean, corrupted, {Ablation::zero}).longest, 3);
}

TEST(CircuitsThatFit, AreAsManyAsHaveTheMemory) {
  const std::vector<BackendMemory> rungs = {bf16, fp32};
  const std::int64_t five = memory_need(config, rungs, family, 5).peak();
  EXPECT_EQ(circuits_that_fit(config, rungs, family, 8, five), 5);
  EXPECT_EQ(circuits_that_fit(config, rungs, family, 8, five - 1), 4);
  EXPECT_EQ(circuits_that_fit(config, rungs, family, 3, five), 3);
  EXPECT_EQ(circuits_that_fit(config, rungs, family, 8, 300'000'000), 0);
}

}  // namespace
}  // namespace headsweep
