// CircuitForward shares whatever circuits have in common. None of it may show: a circuit's numbers
// have the same bits whatever ran before or beside it, and are those of a plain forward pass in
// float64.
#include "model/circuit_forward.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/golden.h"
#include "tests/near.h"
#include "tests/processor.h"
#include "tests/random_circuits.h"
#include "tests/reference_model.h"

namespace headsweep {
namespace {

using Results = std::vector<std::vector<double>>;

/// A model in both forms, read once.
struct TestModel {
  TestModel(const std::string& name, Rung rung)
      : backend(open_processor(rung, 0)),
        fast(golden::data("models/" + name), *backend),
        plain(golden::data("models/" + name)) {}

  std::unique_ptr<Backend> backend;
  Model fast;
  reference::PlainModel plain;
};

const TestModel& test_model(const std::string& name, Rung rung = Rung::fp32) {
  static std::map<std::pair<std::string, Rung>, TestModel> models;
  return models.try_emplace({name, rung}, name, rung).first->second;
}

/// So few of the family's prompts that a test is quick, yet of several lengths and of each
/// template.
PromptFamily every_fourth(PromptFamily family) {
  for (auto* prompts : {&family.clean, &family.corrupted}) {
    std::vector<Prompt> some;
    for (std::size_t i = 0; i < prompts->size(); i += 4) some.push_back((*prompts)[i]);
    *prompts = some;
  }
  return family;
}

PromptFamily prompts_of(const std::string& family) {
  return read_prompt_file(golden::data("golden/families/" + family + ".json"), family);
}

/// Descending or ascending layers, as a search visits them.
std::vector<int> layers_down(const ModelConfig& config) {
  std::vector<int> layers(static_cast<std::size_t>(config.layers));
  std::iota(layers.rbegin(), layers.rend(), 0);
  return layers;
}
std::vector<int> layers_up(const ModelConfig& config) {
  std::vector<int> layers = layers_down(config);
  std::reverse(layers.begin(), layers.end());
  return layers;
}

struct Setting {
  std::string model, family;
  Ablation ablation;
  Positions positions;
  Rung rung;
  Components components = Components::heads;
  MlpMeans mlp_means = MlpMeans::clean;

  AblationRule rule() const { return {ablation, positions, components, mlp_means}; }
};

/// Parallel and sequential. In fp64 alone: they are no good at these families, and a small logit
/// difference makes many percentage points of a cheaper precision's errors.
constexpr const char* neox_models[] = {"tiny-neox", "random-neox"};

/// Every family with every ablation in every precision; models and positions take turns. All of
/// their products would be several times as many.
std::vector<Setting> settings(const std::vector<Positions>& choices) {
  const std::vector<const char*> families = {"even", "ragged", "mixed"};
  const std::vector<Ablation> ablations = {Ablation::mean, Ablation::zero, Ablation::resample};
  const std::vector<Rung> rungs = golden::rungs();
  std::vector<Setting> all;
  for (std::size_t f = 0; f < families.size(); ++f)
    for (std::size_t a = 0; a < ablations.size(); ++a)
      for (std::size_t r = 0; r < rungs.size(); ++r)
        all.push_back({(a + r) % 2 == 0 ? "tiny-a" : "tiny-b", families[f], ablations[a],
                       choices[(f + a + r) % choices.size()], rungs[r]});
  for (std::size_t f = 0; f < families.size(); ++f)
    for (std::size_t a = 0; a < ablations.size(); ++a)
      all.push_back({neox_models[(f + a) % 2], families[f], ablations[a],
                     choices[(f + a) % choices.size()], Rung::fp64});
  return all;
}
/// With MLPs: every ablation; models, families, positions and precisions in turn.
std::vector<Setting> with_mlps(const std::vector<Positions>& choices) {
  const std::vector<const char*> families = {"mixed", "ragged"};
  const std::vector<Rung> rungs = golden::rungs();
  std::vector<Setting> all;
  const auto add = [&](Ablation ablation, MlpMeans means, Components components) {
    const std::size_t n = all.size();
    all.push_back({n % 2 == 0 ? "tiny-a" : "tiny-b", families[n / 2 % families.size()], ablation,
                   choices[n % choices.size()], rungs[n % rungs.size()], components, means});
  };
  for (std::size_t i = 0; i < choices.size(); ++i) {
    add(Ablation::mean, MlpMeans::clean, Components::heads_and_mlps);
    add(Ablation::mean, MlpMeans::under_head_mask, Components::heads_and_mlps);
  }
  add(Ablation::zero, MlpMeans::clean, Components::heads_and_mlps);
  add(Ablation::resample, MlpMeans::under_head_mask, Components::heads_and_mlps);
  add(Ablation::mean, MlpMeans::clean, Components::mlps);
  const std::size_t of_gpt2 = all.size();
  for (std::size_t i = 0; i < of_gpt2; ++i) {
    Setting neox = all[i];
    neox.model = neox_models[i % 2];
    neox.rung = Rung::fp64;
    all.push_back(neox);
  }
  return all;
}

std::vector<Setting> all_settings() {
  const std::vector<Positions> choices = {Positions::all, Positions::own,
                                          Positions::union_of_corrupted};
  std::vector<Setting> all = settings(choices);
  for (Setting& setting : with_mlps(choices)) all.push_back(std::move(setting));
  return all;
}
std::vector<Setting> settings_per_position() {
  const std::vector<Positions> choices = {Positions::own, Positions::union_of_corrupted};
  std::vector<Setting> all = settings(choices);
  for (Setting& setting : with_mlps(choices)) all.push_back(std::move(setting));
  return all;
}

std::string name_of_setting(const testing::TestParamInfo<Setting>& info) {
  const Setting& setting = info.param;
  const std::string mlps =
      setting.components == Components::heads
          ? ""
          : fmt::format("_{}_{}", name_of(setting.components), name_of(setting.mlp_means));
  return golden::test_name(setting.model + "_" + setting.family + "_" + name_of(setting.ablation) +
                           "_" + name_of(setting.positions) + "_" + name_of(setting.rung) + mlps);
}

class CircuitForwardTest : public testing::TestWithParam<Setting> {
 protected:
  CircuitForwardTest()
      : model(test_model(GetParam().model, GetParam().rung)),
        family(tokenize_family(every_fourth(prompts_of(GetParam().family)), tokenizer(),
                               model.fast.config(), GetParam().ablation, GetParam().positions)) {}

  CircuitForward forward(int most_circuits) const {
    return {model.fast, family.clean, family.corrupted, GetParam().rule(), most_circuits};
  }

  static const Tokenizer& tokenizer() { return golden::tokenizer_of(GetParam().model); }

  int named_positions() const { return static_cast<int>(family.clean.position_names.size()); }

  /// Each circuit by a CircuitForward that has run nothing else.
  Results alone(const std::vector<Circuit>& circuits) const {
    Results results;
    for (const Circuit& circuit : circuits)
      results.push_back(forward(1).run({&circuit, 1}).front());
    return results;
  }

  /// The circuits in the given order, so many at a time, by one CircuitForward; answers in the
  /// circuits' own order.
  Results together(const std::vector<Circuit>& circuits, const std::vector<int>& order,
                   int at_a_time) const {
    CircuitForward shared = forward(at_a_time);
    Results results(circuits.size());
    for (std::size_t first = 0; first < order.size();
         first += static_cast<std::size_t>(at_a_time)) {
      std::vector<Circuit> batch;
      for (std::size_t i = first;
           i < order.size() && i < first + static_cast<std::size_t>(at_a_time); ++i)
        batch.push_back(circuits[static_cast<std::size_t>(order[i])]);
      const Results got = shared.run(batch);
      for (std::size_t i = 0; i < batch.size(); ++i)
        results[static_cast<std::size_t>(order[first + i])] = got[i];
    }
    return results;
  }

  void expect_same_bits_in_any_company(int positions) const {
    const ModelConfig& config = model.fast.config();
    RandomCircuits random(config, positions, 1, GetParam().components);
    std::vector<Circuit> circuits = random.some(6);
    for (const Circuit& edge : edge_circuits(config, positions, GetParam().components))
      circuits.push_back(edge);
    const Results expected = alone(circuits);
    for (const int at_a_time : {1, 2, 3, 8})
      EXPECT_EQ(together(circuits, random.shuffled(circuits.size()), at_a_time), expected)
          << at_a_time << " at a time";
  }

  void expect_same_bits_in_searches(int positions) const {
    const ModelConfig& config = model.fast.config();
    RandomCircuits random(config, positions, 2, GetParam().components);
    for (const auto& layers : {layers_down(config), layers_up(config)}) {
      const std::vector<Circuit> asked = random.search(layers);
      std::vector<int> in_order(asked.size());
      std::iota(in_order.begin(), in_order.end(), 0);
      const Results one_by_one = together(asked, in_order, 1);
      EXPECT_EQ(together(asked, in_order, 4), one_by_one);
      for (std::size_t i = 0; i < asked.size(); i += 5)
        EXPECT_EQ(one_by_one[i], alone({asked[i]}).front()) << i;
    }
  }

  const TestModel& model;
  Family family;
};

class SameBits : public CircuitForwardTest {};
class SameBitsPerPosition : public CircuitForwardTest {};

TEST_P(SameBits, ACircuitsNumbersDependOnNothingThatRunsBeforeOrBesideIt) {
  expect_same_bits_in_any_company(1);
}

TEST_P(SameBits, ASearchInEitherDirectionGivesTheNumbersOfEachCircuitAlone) {
  expect_same_bits_in_searches(1);
}

TEST_P(SameBitsPerPosition, ACircuitGivenPerPositionDependsOnNothingThatRunsBeforeOrBesideIt) {
  expect_same_bits_in_any_company(named_positions());
}

TEST_P(SameBitsPerPosition, ASearchPerPositionGivesTheNumbersOfEachCircuitAlone) {
  expect_same_bits_in_searches(named_positions());
}

TEST_P(SameBits, TheFullModelDisturbsNoCircuitAndIsDisturbedByNone) {
  RandomCircuits random(model.fast.config(), 1, 3, GetParam().components);
  const std::vector<Circuit> circuits = random.some(3);
  const Results expected = alone(circuits);
  const std::vector<double> full = forward(1).run_full_model();
  CircuitForward shared = forward(2);
  for (std::size_t i = 0; i < circuits.size(); ++i) {
    EXPECT_EQ(shared.run_full_model(), full);
    EXPECT_EQ(shared.run({&circuits[i], 1}).front(), expected[i]);
  }
}

class SameBitsOnThreads : public testing::TestWithParam<Rung> {};

TEST_P(SameBitsOnThreads, TheNumberOfThreadsChangesNoBit) {
  std::optional<Results> expected;
  for (const int threads : {3, 2, 1}) {
    const auto backend = open_processor(GetParam(), threads);
    const Model model(golden::data("models/tiny-b"), *backend);
    const Family family =
        tokenize_family(every_fourth(prompts_of("ragged")), golden::gpt2_tokenizer(),
                        model.config(), Ablation::mean, Positions::all);
    CircuitForward forward(model, family.clean, family.corrupted, {}, 4);
    Results got = {forward.run_full_model()};
    for (auto& each : forward.run(RandomCircuits(model.config(), 1, 5).some(4)))
      got.push_back(std::move(each));
    if (!expected) expected = got;
    EXPECT_EQ(got, expected) << threads << " threads";
  }
}

INSTANTIATE_TEST_SUITE_P(Rungs, SameBitsOnThreads, testing::ValuesIn(golden::rungs()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

INSTANTIATE_TEST_SUITE_P(Settings, SameBits, testing::ValuesIn(all_settings()), name_of_setting);
INSTANTIATE_TEST_SUITE_P(Settings, SameBitsPerPosition, testing::ValuesIn(settings_per_position()),
                         name_of_setting);

class PlainReference : public CircuitForwardTest {
 protected:
  const double score_tolerance = golden::score_tolerance(GetParam().rung);

  PlainReference()
      : unpadded(tokenize_family(family.prompts, tokenizer(), model.fast.config(),
                                 GetParam().ablation, Positions::own)),
        plain(model.plain, unpadded.clean, unpadded.corrupted, tokenizer().end_of_text(),
              GetParam().rule()),
        full(plain.full()) {}

  static double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }

  void expect_plain_scores(int positions) const {
    const ModelConfig& config = model.fast.config();
    CircuitForward shared = forward(1);
    EXPECT_TRUE(
        all_near(shared.run_full_model(), full, score_tolerance / 100 * std::abs(mean(full))));
    std::vector<Circuit> circuits =
        RandomCircuits(config, positions, 4, GetParam().components).some(4);
    if (positions == 1)
      for (const Circuit& edge : edge_circuits(config, positions, GetParam().components))
        circuits.push_back(edge);
    for (std::size_t i = 0; i < circuits.size(); ++i) {
      const double got = mean(shared.run({&circuits[i], 1}).front()),
                   expected = mean(plain.run(circuits[i]));
      EXPECT_NEAR(100 * got / mean(full), 100 * expected / mean(full), score_tolerance)
          << "circuit " << i;
    }
  }

  Family unpadded;
  reference::PlainExperiment plain;
  std::vector<double> full;
};

class PlainReferencePerPosition : public PlainReference {};

TEST_P(PlainReference, CircuitsScoreAsInAPlainForwardPassInFloat64) { expect_plain_scores(1); }

TEST_P(PlainReferencePerPosition, CircuitsGivenPerPositionScoreAsInAPlainForwardPassInFloat64) {
  expect_plain_scores(named_positions());
}

INSTANTIATE_TEST_SUITE_P(Settings, PlainReference, testing::ValuesIn(all_settings()),
                         name_of_setting);
INSTANTIATE_TEST_SUITE_P(Settings, PlainReferencePerPosition,
                         testing::ValuesIn(settings_per_position()), name_of_setting);

/// The plain forward pass is itself held against the reference implementation.
TEST(PlainReferenceItself, GivesTheReferenceImplementationsNumbers) {
  for (const char* file :
       {"tiny-b.even.zero.all.T3.json", "tiny-a.mixed.mean.own.T3.json",
        "tiny-a.ragged.mean.union.T3.json", "tiny-b.numwords.resample.all.T3.json",
        "tiny-neox.even.mean.own.T3.json", "random-neox.even.zero.all.T3.json"}) {
    const golden::Json expected = golden::read(golden::data("golden/" + std::string(file)));
    const TestModel& model = test_model(expected["model"]);
    const Tokenizer& tokenizer = golden::tokenizer_of(expected["model"]);
    const Family family =
        tokenize_family(prompts_of(expected["family"]), tokenizer, model.fast.config(),
                        golden::ablation(expected), Positions::own);
    const reference::PlainExperiment plain(model.plain, family.clean, family.corrupted,
                                           tokenizer.end_of_text(),
                                           golden::ablation_rule(expected));
    // Both in float64.
    EXPECT_TRUE(
        all_near(plain.full(), expected["full_per_prompt"].get<std::vector<double>>(), 1e-9))
        << file;
    for (std::size_t i = 0; i < expected["circuits"].size(); i += 2) {
      const golden::Json& given = expected["circuits"][i];
      Circuit circuit(model.fast.config().layers, model.fast.config().heads,
                      Circuit::Start::nothing);
      for (const auto& head : given["heads"]) circuit.keep(head[0], head[1]);
      EXPECT_TRUE(
          all_near(plain.run(circuit), given["per_prompt"].get<std::vector<double>>(), 1e-9))
          << file << i;
    }
  }
}

TEST(PlainReferenceItself, GivesTheReferenceImplementationsScoresWithMlps) {
  for (const char* file : {"tiny-a.mixed.mean.own.mlps.T20.json",
                           "tiny-a.even.mean.all.mlps.alternate.underheadmask.T20.json",
                           "tiny-neox.even.mean.all.mlps.T20.json",
                           "random-neox.numwords.mean.all.mlps.underheadmask.T20.json"}) {
    const golden::Json expected = golden::read(golden::data("golden/" + std::string(file)));
    const TestModel& model = test_model(expected["model"]);
    const Tokenizer& tokenizer = golden::tokenizer_of(expected["model"]);
    const Family family =
        tokenize_family(prompts_of(expected["family"]), tokenizer, model.fast.config(),
                        golden::ablation(expected), Positions::own);
    const reference::PlainExperiment plain(model.plain, family.clean, family.corrupted,
                                           tokenizer.end_of_text(),
                                           golden::ablation_rule(expected));
    Circuit kept(model.fast.config().layers, model.fast.config().heads, Circuit::Start::everything,
                 1, Components::heads_and_mlps);
    int number = 0;
    for (const golden::Json& step : expected["trace"]) {
      Circuit trial = kept;
      trial.remove(step[1] == "mlp" ? Component::mlp_of(step[0]) : Component{step[0], step[1]});
      if (++number % 9 == 1) {
        const std::vector<double> got = plain.run(trial);
        const double mean = std::accumulate(got.begin(), got.end(), 0.0) / std::ssize(got);
        EXPECT_NEAR(100 * mean / expected["full"].get<double>(), step[2], 1e-9) << file << step;
      }
      if (step[3].get<bool>()) kept = trial;
    }
  }
}

/// A family that names every token: the full model is a circuit then, and is remembered as one.
TEST(CircuitForward, TheFullModelOfAFamilyThatNamesEveryTokenDisturbsNoCircuitGivenPerPosition) {
  const TestModel& model = test_model("tiny-a");
  PromptFamily prompts{"pairs",
                       {{"1 3", "5", "3", 0, {{"S1", "1"}}, ""}},
                       {{"1 1", "3", "5", 0, {{"S1", "1"}}, ""}}};
  const Family family = tokenize_family(prompts, golden::gpt2_tokenizer(), model.fast.config(),
                                        Ablation::mean, Positions::own);
  const auto fresh = [&] {
    return CircuitForward(model.fast, family.clean, family.corrupted,
                          {Ablation::mean, Positions::own}, 1);
  };
  Circuit circuit(3, 4, Circuit::Start::everything, 2);
  for (int head = 0; head < 4; ++head) circuit.remove(1, head, 0);
  Circuit whole_first_layer = circuit;
  whole_first_layer.remove(2, 0, 1);
  for (const Circuit& given : {circuit, whole_first_layer}) {
    const auto expected = fresh().run({&given, 1});
    CircuitForward after_full = fresh();
    after_full.run_full_model();
    EXPECT_EQ(after_full.run({&given, 1}), expected);
  }
}

}  // namespace
}  // namespace headsweep
