// The contract: searches and circuits against the reference's float64 values.
#include "tests/golden.h"

#include <cmath>

#include <gtest/gtest.h>

#include "pipeline/evaluator.h"
#include "pipeline/search.h"

namespace headsweep {
namespace {

/// Percentage points. float32 stays far below it; a decision with a smaller margin may fall either
/// way.
constexpr double score_tolerance = 0.001;

class Golden : public testing::TestWithParam<std::string> {
 protected:
  Golden()
      : made(GetParam()),
        evaluator(made.model, made.family.clean, made.family.corrupted,
                  golden::ablation(made.expected), golden::positions(made.expected)) {}

  /// Logit differences may be off by what the score may be off.
  double logit_tolerance() const { return score_tolerance / 100 * std::abs(evaluator.full().mean); }

  void expect_per_prompt(const std::vector<double>& got, const golden::Json& expected,
                         double tolerance) const {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t b = 0; b < got.size(); ++b)
      EXPECT_NEAR(got[b], expected[b], tolerance) << "prompt " << b;
  }

  golden::Case made;
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
  const auto& config = made.model.config();
  GreedySearch search({config.layers, config.heads, Order::backward, made.expected["threshold"]});
  bool same_way = true;
  for (const auto& step : made.expected["trace"]) {
    const double expected_score = step[2];
    const double margin = 100 - expected_score - made.expected["threshold"].get<double>();
    ASSERT_FALSE(search.finished());
    const Decision& decision = search.tell(evaluator.evaluate(search.wanted()).score_percent);
    EXPECT_EQ(decision.head, (Head{step[0], step[1]}));
    if (same_way) {
      EXPECT_NEAR(decision.score_percent, expected_score, score_tolerance);
    }
    if (same_way && std::abs(margin) >= score_tolerance) {
      EXPECT_EQ(decision.removed, step[3].get<bool>());
    }
    same_way = same_way && decision.removed == step[3].get<bool>();
  }
  EXPECT_TRUE(search.finished());
  if (same_way) {
    EXPECT_EQ(search.kept(), made.circuit(made.expected["kept"]));
  }
}

TEST_P(Golden, GivenCircuitsScoreAsTheReferences) {
  for (const auto& given : made.expected["circuits"]) {
    const Evaluation got = evaluator.evaluate(made.circuit(given["heads"]));
    EXPECT_NEAR(got.score_percent, given["score"], score_tolerance);
    expect_per_prompt(got.per_prompt, given["per_prompt"], 3 * logit_tolerance());
  }
}

TEST_P(Golden, CircuitsGivenPerPositionScoreAsTheReferences) {
  if (made.expected["position_circuits"].empty()) GTEST_SKIP() << "positions: all has none";
  Evaluator fresh(made.model, made.family.clean, made.family.corrupted,
                  golden::ablation(made.expected), golden::positions(made.expected));
  for (const auto& given : made.expected["position_circuits"])
    expect_per_prompt(fresh.evaluate(made.position_circuit(given["circuit"])).per_prompt,
                      given["per_prompt"], 3 * logit_tolerance());
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(golden::heads_backward()),
                         [](const auto& info) { return golden::test_name(info.param); });

}  // namespace
}  // namespace headsweep
