// The memory that is reckoned is held against what a backend is asked for.
#include "model/memory_need.h"

#include <memory>

#include <gtest/gtest.h>

#include "model/family_forward.h"
#include "tests/counting_backend.h"
#include "tests/golden.h"
#include "tests/processor.h"
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
  int most_prompts = every_prompt;

  AblationRule rule() const { return {ablation, Positions::all, components, mlp_means}; }
};

class MemoryNeedTest : public testing::TestWithParam<Setting> {
 protected:
  /// Fills every cache.
  static void run_much(FamilyForward& forward, const ModelConfig& config, Components components) {
    forward.run_full_model();
    RandomCircuits random(config, 1, 1, components);
    std::vector<Circuit> circuits = random.some(60);
    for (const Circuit& edge : edge_circuits(config, 1, components)) circuits.push_back(edge);
    forward.run(circuits);
  }
};

TEST_P(MemoryNeedTest, IsNeverLessThanWhatIsAllocatedAndAtMostAQuarterMore) {
  const Setting& setting = GetParam();
  CountingBackend backend(open_processor(setting.rung, 1));
  const Model model(golden::data(std::string("models/") + setting.model), backend);
  const Family family =
      tokenize_family(golden::prompts(setting.family), golden::tokenizer_of(setting.model),
                      model.config(), setting.ablation, Positions::all);
  FamilyForward forward(model, family.clean, family.corrupted, setting.rule(),
                        {setting.most_circuits, setting.most_prompts});
  run_much(forward, model.config(), setting.components);
  const BackendMemory rung = backend_memory(model.config(), backend);
  const MemoryNeed need = memory_need(
      model.config(), {&rung, 1},
      family_shape(family.clean, family.corrupted, setting.rule(), setting.most_prompts),
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
                            Components::heads_and_mlps, MlpMeans::under_head_mask},
                    Setting{"tiny-a", "mixed", Ablation::mean, Rung::fp32, 1, Components::heads,
                            MlpMeans::clean, 4},
                    Setting{"tiny-b", "ragged", Ablation::resample, Rung::fp32, 2,
                            Components::heads_and_mlps, MlpMeans::clean, 3},
                    Setting{"tiny-a", "even", Ablation::mean, Rung::fp64, 1,
                            Components::heads_and_mlps, MlpMeans::under_head_mask, 4},
                    Setting{"tiny-neox", "even", Ablation::mean, Rung::fp32, 2},
                    Setting{"tiny-neox", "mixed", Ablation::mean, Rung::fp64, 4,
                            Components::heads_and_mlps, MlpMeans::under_head_mask},
                    Setting{"random-neox", "ragged", Ablation::resample, Rung::fp32, 2,
                            Components::heads_and_mlps, MlpMeans::clean, 3}),
    [](const auto& info) {
      return golden::test_name(std::string(info.param.model) + "_" + info.param.family + "_" +
                               name_of(info.param.ablation) + "_" + name_of(info.param.rung) + "_" +
                               name_of(info.param.components) + name_of(info.param.mlp_means) +
                               (info.param.most_prompts == every_prompt ? "" : "_in_parts"));
    });

const ModelConfig config{.layers = 12,
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

PromptBatch prompts_of_six(int count) {
  PromptBatch batch;
  batch.tokens.assign(static_cast<std::size_t>(count), std::vector<int>(6, 1));
  batch.answers = batch.distractors = batch.templates =
      std::vector<int>(static_cast<std::size_t>(count));
  batch.position_names = {"end"};
  batch.positions.assign(static_cast<std::size_t>(count), {5});
  return batch;
}

TEST(WhatFits, IsEverythingWithAsManyCircuitsAsHaveTheMemory) {
  const std::vector<BackendMemory> rungs = {bf16, fp32};
  const PromptBatch prompts = prompts_of_six(1000);
  const FamilyShape shape = family_shape(prompts, prompts, {});
  const auto fitting = [&](std::int64_t bytes) {
    return what_fits(config, rungs, prompts, prompts, {}, 8, bytes);
  };
  const std::int64_t five = memory_need(config, rungs, shape, 5).peak(),
                     one = memory_need(config, rungs, shape, 1).peak();
  EXPECT_EQ(fitting(five), (AtOnce{5, every_prompt}));
  EXPECT_EQ(fitting(one), (AtOnce{1, every_prompt}));
}

TEST(WhatFits, ElseIsOneCircuitOnPartsThatDoAndAreAboutAlike) {
  const std::vector<BackendMemory> rungs = {bf16, fp32};
  const PromptBatch prompts = prompts_of_six(1000);
  const auto peak = [&](int most_prompts) {
    return memory_need(config, rungs, family_shape(prompts, prompts, {}, most_prompts), 1).peak();
  };
  const auto fitting = [&](std::int64_t bytes) {
    return what_fits(config, rungs, prompts, prompts, {}, 8, bytes);
  };
  EXPECT_EQ(fitting(peak(100)), (AtOnce{1, 100}));
  EXPECT_EQ(fitting(peak(100) - 1), (AtOnce{1, 91}));  // eleven parts
  EXPECT_EQ(fitting(peak(400)), (AtOnce{1, 334}));     // three
  EXPECT_EQ(fitting(peak(1)), (AtOnce{1, 1}));
  EXPECT_EQ(fitting(peak(1) - 1).circuits, 0);
}

TEST(WhatFits, CountsTheLargestPart) {
  PromptBatch prompts = prompts_of_six(4);
  prompts.tokens[2].resize(60, 1);
  EXPECT_EQ(family_shape(prompts, prompts, {}, 2).clean_rows, 66);
  EXPECT_EQ(family_shape(prompts, prompts, {}, 2).parts, 2);
  EXPECT_EQ(family_shape(prompts, prompts, {}, 3).parts, 2);
  EXPECT_EQ(family_shape(prompts, prompts, {}).parts, 1);
}

}  // namespace
}  // namespace headsweep
