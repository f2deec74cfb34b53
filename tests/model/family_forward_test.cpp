// A family that is run in parts: the numbers have the same bits as if it were run at once.
#include "model/family_forward.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/counting_backend.h"
#include "tests/golden.h"
#include "tests/near.h"
#include "tests/processor.h"
#include "tests/random_circuits.h"
#include "tests/reference_model.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

using Results = std::vector<std::vector<double>>;

struct Setting {
  std::string model, family;
  Positions positions;
  AblationRule rule;
  Rung rung;
};

/// Every ablation of heads and MLPs with every choice of positions; families and precisions in
/// turn.
std::vector<Setting> settings() {
  const std::vector<Rung> rungs = golden::rungs();
  std::vector<Setting> all;
  for (const Positions positions : {Positions::all, Positions::own, Positions::union_of_corrupted})
    for (const Components components :
         {Components::heads, Components::heads_and_mlps, Components::mlps})
      for (const Ablation ablation : {Ablation::mean, Ablation::zero, Ablation::resample})
        for (const MlpMeans means : {MlpMeans::clean, MlpMeans::under_head_mask}) {
          const AblationRule rule{ablation, positions, components, means};
          if (means == MlpMeans::under_head_mask && !rule.has_masked_means()) continue;
          all.push_back({all.size() % 3 == 2 ? "tiny-neox" : "tiny-b",
                         all.size() % 2 == 0 ? "ragged" : "mixed", positions, rule,
                         rungs[(all.size() + all.size() / 2) % rungs.size()]});
        }
  return all;
}

/// So few of the family's prompts that a test is quick, yet of several lengths and templates.
PromptFamily every_third(PromptFamily family) {
  for (auto* prompts : {&family.clean, &family.corrupted}) {
    std::vector<Prompt> some;
    for (std::size_t i = 0; i < prompts->size(); i += 3) some.push_back((*prompts)[i]);
    *prompts = some;
  }
  return family;
}

class InParts : public testing::TestWithParam<Setting> {
 protected:
  InParts()
      : model(golden::model(GetParam().model, GetParam().rung)),
        family(tokenize_family(every_third(golden::prompts(GetParam().family)),
                               golden::tokenizer_of(GetParam().model), model.config(),
                               GetParam().rule.kind, GetParam().positions)) {}

  FamilyForward forward(int circuits, int prompts) const {
    return {model, family.clean, family.corrupted, GetParam().rule, {circuits, prompts}};
  }

  std::vector<Circuit> circuits(int positions) const {
    const Components components = GetParam().rule.components;
    RandomCircuits random(model.config(), positions, 7, components);
    std::vector<Circuit> all = random.some(3);
    for (const Circuit& edge : edge_circuits(model.config(), positions, components))
      all.push_back(edge);
    return all;
  }

  /// In parts of any size, several circuits after one another, or two side by side.
  void expect_same_bits(int positions) const {
    const std::vector<Circuit> asked = circuits(positions);
    const Results expected = forward(1, every_prompt).run(asked);
    for (const int prompts : {1, 2, family.clean.prompts() - 1}) {
      FamilyForward in_parts = forward(prompts == 2 ? 2 : 1, prompts);
      ASSERT_GT(in_parts.parts(), 1);
      EXPECT_EQ(in_parts.run(asked), expected) << prompts << " prompts at a time";
    }
  }

  const Model& model;
  Family family;
};

TEST_P(InParts, ACircuitsNumbersHaveTheBitsOfAllPromptsAtOnce) { expect_same_bits(1); }

TEST_P(InParts, SoHaveThoseOfACircuitGivenPerPosition) {
  if (GetParam().positions == Positions::all) return;
  expect_same_bits(static_cast<int>(family.clean.position_names.size()));
}

TEST_P(InParts, TheFullModelsNumbersHaveThemToo) {
  const std::vector<double> expected = forward(1, every_prompt).run_full_model();
  for (const int prompts : {1, 3}) EXPECT_EQ(forward(1, prompts).run_full_model(), expected);
}

std::string name_of_setting(const testing::TestParamInfo<Setting>& info) {
  const auto& [model, family, positions, rule, rung] = info.param;
  return golden::test_name(fmt::format("{}_{}_{}_{}_{}_{}_{}", model, family, name_of(rule.kind),
                                       name_of(positions), name_of(rung), name_of(rule.components),
                                       name_of(rule.mlp_means)));
}

INSTANTIATE_TEST_SUITE_P(Settings, InParts, testing::ValuesIn(settings()), name_of_setting);

/// The short prompt has no row at which the corrupted prompts have names: alone it would keep
/// nothing, and nothing would be computed for it.
TEST(FamilyForward, APartIsComputedAsTheWholeFamilyIs) {
  PromptBatch clean;
  clean.tokens = {{17, 20, 19}, {24, 23, 22, 21, 20, 19}};
  clean.answers = {21, 25};
  clean.distractors = {19, 22};
  clean.templates = {0, 0};
  clean.position_names = {"S1", "end"};
  clean.positions = {{0, 2}, {4, 5}};
  PromptBatch corrupted = clean;
  corrupted.tokens[0] = {30, 31, 32, 33, 34, 35};
  corrupted.positions = {{4, 5}, {4, 5}};
  const Model& model = golden::model("tiny-b", Rung::fp32);
  const AblationRule rule{Ablation::mean, Positions::union_of_corrupted};
  Circuit circuit(model.config().layers, model.config().heads, Circuit::Start::nothing, 2);
  for (int layer = 0; layer < model.config().layers; ++layer)
    for (int head = 0; head < 3; ++head) circuit.keep(layer, head, head % 2);
  const auto scores = [&](int prompts) {
    return FamilyForward(model, clean, corrupted, rule, {1, prompts}).run({&circuit, 1});
  };
  EXPECT_EQ(scores(1), scores(every_prompt));
}

/// Of as many tokens as the model takes, and a short one between them.
PromptBatch longest_prompts(int tokens, int first_token) {
  PromptBatch batch;
  for (const int length : {tokens, 3, tokens}) {
    std::vector<int>& prompt = batch.tokens.emplace_back();
    for (int p = 0; p < length; ++p) prompt.push_back(first_token + 7 * p);
    batch.positions.push_back({length - 1});
  }
  batch.answers = {11, 12, 13};
  batch.distractors = {21, 22, 23};
  batch.templates = {0, 0, 0};
  batch.position_names = {"end"};
  return batch;
}

TEST(PromptsOfAsManyTokensAsTheModelTakes, ScoreAsInAPlainForwardPassInFloat64) {
  for (const char* name : {"models/tiny-a", "models/tiny-neox"}) {
    const auto backend = open_processor(Rung::fp64, 1);
    const Model model(golden::data(name), *backend);
    const reference::PlainModel plain(golden::data(name));
    const ModelConfig& config = model.config();
    const PromptBatch clean = longest_prompts(config.positions, 300),
                      corrupted = longest_prompts(config.positions, 2000);
    const reference::PlainExperiment expected(plain, clean, corrupted, 0, {});
    Circuit circuit(config.layers, config.heads, Circuit::Start::everything);
    circuit.remove(1, 2);
    circuit.remove(2, 0);
    for (const int prompts : {every_prompt, 2}) {
      FamilyForward forward(model, clean, corrupted, {}, {1, prompts});
      EXPECT_TRUE(all_near(forward.run_full_model(), expected.full(), 1e-9));
      EXPECT_TRUE(all_near(forward.run({&circuit, 1}).front(), expected.run(circuit), 1e-9));
    }
  }
  tried("load", "prompts of exactly n_positions tokens", "the numbers of a plain forward pass");
}

class MemoryInParts : public testing::Test {
 protected:
  /// The most that is allocated while the family is searched a little, beside the model.
  static std::int64_t peak_bytes(const AtOnce& at_once) {
    CountingBackend backend(open_processor(Rung::fp32, 1));
    const Model model(golden::data("models/tiny-a"), backend);
    const std::int64_t weights = backend.peak_bytes();
    const Family family = tokenize_family(many(golden::prompts("even")), golden::gpt2_tokenizer(),
                                          model.config(), Ablation::mean, Positions::all);
    FamilyForward forward(model, family.clean, family.corrupted, {}, at_once);
    forward.run_full_model();
    forward.run(RandomCircuits(model.config(), 1, 1).some(6));
    return backend.peak_bytes() - weights;
  }

 private:
  static PromptFamily many(PromptFamily family) {
    for (auto* prompts : {&family.clean, &family.corrupted}) {
      const std::vector<Prompt> once = *prompts;
      for (int i = 1; i < 20; ++i) prompts->insert(prompts->end(), once.begin(), once.end());
    }
    return family;
  }
};

TEST_F(MemoryInParts, GoesWithTheSizeOfAPartNotWithTheNumberOfPrompts) {
  const std::int64_t of_ten = peak_bytes({1, 10}), of_twenty = peak_bytes({1, 20}),
                     of_all = peak_bytes({1, every_prompt});
  EXPECT_LT(of_ten, of_all / 5);  // a twentieth, and the weights of the heads that are kept
  EXPECT_LT(of_twenty, 2 * of_ten);
}

}  // namespace
}  // namespace headsweep
