// Analyses against the reference's float64 values (scripts/expected_analyses.py).
#include <algorithm>

#include <gtest/gtest.h>

#include "pipeline/analyses/faithfulness.h"
#include "pipeline/analyses/knockouts.h"
#include "pipeline/analyses/run_families.h"
#include "pipeline/analyses/transfer.h"
#include "pipeline/evaluator.h"
#include "pipeline/run_store.h"
#include "tests/golden.h"

namespace headsweep {
namespace {

using golden::Json;

RunComponent component_of(const Json& json) {
  return {json[0], json[1].is_string() ? RunComponent::mlp : json[1].get<int>()};
}

Subset subset_of(const Json& json) {
  Subset subset;
  for (const Json& each : json) subset.push_back(component_of(each));
  return subset;
}

/// The search's file of expected values as the run that it would have been.
RunRecord run_of(const golden::Case& made) {
  RunRecord run;
  const Json& expected = made.expected;
  run.identity = {{"order", expected["order"]},
                  {"ablation", expected["ablation"]},
                  {"positions", expected["positions"]},
                  {"mlp_means", expected["mlp_means"]}};
  run.family = expected["family"];
  run.layers = made.model.config().layers;
  run.heads = made.model.config().heads;
  run.components = golden::components(expected);
  run.threshold = expected["threshold"];
  run.position_names = made.family.clean.position_names;
  run.clean = prompt_records(made.family.prompts.clean, made.family.clean);
  run.corrupted = prompt_records(made.family.prompts.corrupted, made.family.corrupted);
  for (const Json& step : expected["trace"]) {
    const RunComponent component = component_of(step);
    DecisionRecord& decision = run.decisions.emplace_back();
    decision.layer = component.layer;
    decision.head = component.head;
    decision.score_percent = step[2];
    decision.removed = step[3];
  }
  return run;
}

/// A case of the reference's, and what scores its circuits.
struct Case {
  explicit Case(int number)
      : expected(golden::read(golden::data("golden/analyses.json"))[number]),
        made(expected["search"].get<std::string>() + ".json", Rung::fp64),
        subject(subject_of(run_of(made), 0)),
        family(family_of(run_of(made))),
        evaluator(made.model, family.clean, family.corrupted, family.ablation),
        // Float64 differs from the reference's in the order of sums.
        tolerance(golden::score_tolerance(Rung::fp64) / 100 * evaluator.full().mean) {}
  Case(const Case&) = delete;  // the scorer keeps its address
  Case& operator=(const Case&) = delete;

  std::vector<Answer> answer(std::span<const Question> questions) {
    std::vector<Circuit> circuits;
    for (const Question& each : questions) circuits.push_back(each.circuit);
    std::vector<Answer> answers;
    for (const Evaluation& each : evaluator.evaluate(circuits))
      answers.push_back({each.mean, evaluator.full().mean});
    return answers;
  }

  Json expected;
  golden::Case made;
  Subject subject;
  AblatedFamily family;
  Evaluator evaluator;
  Scorer scorer{[this](std::span<const Question> questions) { return answer(questions); }};
  double tolerance;
};

class AnalysisGolden : public testing::TestWithParam<int>, public Case {
 protected:
  AnalysisGolden() : Case(GetParam()) {}
};

TEST_P(AnalysisGolden, TheMeansThatAllIsComparedWith) {
  EXPECT_NEAR(scorer.mean(0, subject.everything()), expected["everything"], tolerance);
  EXPECT_NEAR(scorer.mean(0, subject.circuit()), expected["circuit"], tolerance);
  EXPECT_NEAR(scorer.mean(0, subject.nothing), expected["nothing"], tolerance);
  EXPECT_NEAR(scorer.full_mean(0), expected["full"], tolerance);
}

TEST_P(AnalysisGolden, EveryKnockOut) {
  const auto records = knock_out(scorer, subject);
  ASSERT_EQ(records.size(), expected["knockouts"].size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    SCOPED_TRACE(i);
    const Json& each = expected["knockouts"][i];
    EXPECT_EQ(records[i].component, component_of(each["component"]));
    EXPECT_NEAR(records[i].without, each["without"], tolerance);
    EXPECT_NEAR(records[i].alone, each["alone"], tolerance);
  }
}

TEST_P(AnalysisGolden, CircuitAndModelWithoutSubsets) {
  ASSERT_EQ(expected["subsets"].size(), 3u);
  for (const Json& each : expected["subsets"]) {
    const Subset removed = subset_of(each["removed"]);
    EXPECT_NEAR(scorer.mean(0, subject.circuit_without(removed)), each["circuit"], tolerance);
    EXPECT_NEAR(scorer.mean(0, subject.everything_without(removed)), each["model"], tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, AnalysisGolden, testing::Range(0, 3));

TEST(TransferGolden, OtherSearchesCircuitsOnAFamily) {
  Case here(0);
  std::vector<ComparedCircuit> circuits;
  for (const Json& each : here.expected["others"])
    circuits.push_back(
        {each["search"],
         subject_of(run_of(golden::Case(each["search"].get<std::string>() + ".json")), 1),
         here.family.clean.position_names});
  ASSERT_EQ(circuits.size(), 2u);
  const auto record = compare_circuits(
      here.scorer, circuits, {{0, "here", here.family.ablation, here.family.clean.position_names}});
  for (std::size_t i = 0; i < circuits.size(); ++i)
    EXPECT_NEAR(record.means[i][0], here.expected["others"][i]["mean"], here.tolerance);
}

}  // namespace
}  // namespace headsweep
