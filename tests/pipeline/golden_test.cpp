// The contract: searches and circuits against the reference's float64 values.
#include "tests/golden.h"

#include <cmath>

#include <gtest/gtest.h>

#include "pipeline/evaluator.h"
#include "tests/golden_search.h"

namespace headsweep {
namespace {

/// An expected-values file, and the precision.
class Golden : public testing::TestWithParam<std::tuple<std::string, Rung>> {
 protected:
  Golden()
      : made(std::get<std::string>(GetParam()), std::get<Rung>(GetParam())),
        score_tolerance(golden::score_tolerance(std::get<Rung>(GetParam()))),
        evaluator(made.model, made.family.clean, made.family.corrupted,
                  golden::ablation_rule(made.expected)) {}

  /// For circuits of heads, in which no MLP is ablated, whatever the search is over.
  Evaluator of_heads() const {
    return {made.model,
            made.family.clean,
            made.family.corrupted,
            {golden::ablation(made.expected), golden::positions(made.expected)}};
  }

  /// Logit differences may be off by what the score may be off.
  double logit_tolerance() const { return score_tolerance / 100 * std::abs(evaluator.full().mean); }

  void expect_per_prompt(const std::vector<double>& got, const golden::Json& expected,
                         double tolerance) const {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t b = 0; b < got.size(); ++b)
      EXPECT_NEAR(got[b], expected[b], tolerance) << "prompt " << b;
  }

  golden::Case made;
  const double score_tolerance;  // percentage points
  Evaluator evaluator;
};

TEST_P(Golden, TokensAndPositionsAreTheReferences) {
  const PromptBatch& clean = made.family.clean;
  for (std::size_t b = 0; b < clean.tokens.size(); ++b) {
    std::vector<int> expected = made.expected["clean_tokens"][b];
    expected.resize(clean.tokens[b].size());  // the reference pads
    EXPECT_EQ(clean.tokens[b], expected);
    for (std::size_t n = 0; n < clean.position_names.size(); ++n)
      EXPECT_EQ(clean.positions[b][n], made.expected["position"][clean.position_names[n]][b]);
  }
  EXPECT_EQ(clean.answers, made.expected["answer"].get<std::vector<int>>());
  EXPECT_EQ(clean.distractors, made.expected["distractor"].get<std::vector<int>>());
}

TEST_P(Golden, TheFullModelsLogitDifferencesAreTheReferences) {
  EXPECT_NEAR(evaluator.full().mean, made.expected["full"], logit_tolerance());
  expect_per_prompt(evaluator.full().per_prompt, made.expected["full_per_prompt"],
                    3 * logit_tolerance());
}

TEST_P(Golden, TheSearchMakesTheReferencesDecisions) {
  golden::Search search(made.expected, evaluator, made.model.config(),
                        made.family.clean.position_names, score_tolerance);
  if (search.makes_the_references_decisions()) {
    EXPECT_EQ(search.kept(), made.kept());
  } else {
    // Of the others none errs by as much as a decision's margin here.
    EXPECT_EQ(std::get<Rung>(GetParam()), Rung::bf16);
  }
}

TEST_P(Golden, GivenCircuitsScoreAsTheReferences) {
  Evaluator given_heads = of_heads();
  for (const auto& given : made.expected["circuits"]) {
    const Evaluation got = given_heads.evaluate(made.circuit(given["heads"]));
    EXPECT_NEAR(got.score_percent, given["score"], score_tolerance);
    expect_per_prompt(got.per_prompt, given["per_prompt"], 3 * logit_tolerance());
  }
}

TEST_P(Golden, CircuitsGivenPerPositionScoreAsTheReferences) {
  if (made.expected["position_circuits"].empty()) GTEST_SKIP() << "positions: all has none";
  Evaluator fresh = of_heads();
  for (const auto& given : made.expected["position_circuits"])
    expect_per_prompt(fresh.evaluate(made.position_circuit(given["circuit"])).per_prompt,
                      given["per_prompt"], 3 * logit_tolerance());
}

std::string name_of_case(const testing::TestParamInfo<std::tuple<std::string, Rung>>& info) {
  return golden::test_name(std::get<std::string>(info.param) + "_" +
                           name_of(std::get<Rung>(info.param)));
}
const auto rungs = testing::ValuesIn(golden::rungs());

INSTANTIATE_TEST_SUITE_P(Backward, Golden,
                         testing::Combine(testing::ValuesIn(golden::searches_in_order("backward")),
                                          rungs),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Forward, Golden,
                         testing::Combine(testing::ValuesIn(golden::searches_in_order("forward")),
                                          rungs),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Alternate, Golden,
                         testing::Combine(testing::ValuesIn(golden::searches_in_order("alternate")),
                                          rungs),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(
    Importance, Golden,
    testing::Combine(testing::ValuesIn(golden::searches_in_order("importance")), rungs),
    name_of_case);

}  // namespace
}  // namespace headsweep
