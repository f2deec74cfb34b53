#include "pipeline/evaluator.h"

#include <numeric>

#include <gtest/gtest.h>

#include "tests/counting_backend.h"
#include "tests/golden.h"
#include "tests/processor.h"

namespace headsweep {
namespace {

class EvaluatorTest : public testing::Test {
 protected:
  EvaluatorTest() : made("tiny-a.even.mean.all.T3.json"), evaluator(fresh()) {}

  Evaluator fresh() const { return {made.model, made.family.clean, made.family.corrupted, {}}; }

  static Circuit without(const std::vector<std::pair<int, int>>& heads) {
    Circuit circuit(3, 4, Circuit::Start::everything);
    for (const auto& [layer, head] : heads) circuit.remove(layer, head);
    return circuit;
  }

  static void expect_equal(const Evaluation& got, const Evaluation& expected) {
    EXPECT_EQ(got.score_percent, expected.score_percent);
    EXPECT_EQ(got.mean, expected.mean);
    EXPECT_EQ(got.per_prompt, expected.per_prompt);
  }

  golden::Case made;
  Evaluator evaluator;
};

TEST_F(EvaluatorTest, TheFullModelIsAHundredPercent) {
  EXPECT_EQ(evaluator.full().score_percent, 100);
  EXPECT_EQ(evaluator.full().per_prompt.size(), 10u);
  const Evaluation everything = evaluator.evaluate(without({}));
  EXPECT_DOUBLE_EQ(everything.score_percent, 100);  // 100 x / x may be off in the last bit
  EXPECT_EQ(everything.per_prompt, evaluator.full().per_prompt);
}

TEST_F(EvaluatorTest, TheScoreIsTheMeanLogitDifferenceAgainstTheFullModels) {
  const Evaluation got = evaluator.evaluate(without({{2, 1}, {1, 0}}));
  const double mean = std::accumulate(got.per_prompt.begin(), got.per_prompt.end(), 0.0) / 10;
  EXPECT_EQ(got.mean, mean);
  EXPECT_EQ(got.score_percent, 100 * mean / evaluator.full().mean);
  EXPECT_LT(got.score_percent, 99.9);
}

TEST_F(EvaluatorTest, ResultsComeInTheOrderOfTheCircuits) {
  // Neither sorted nor sorted backwards, more than run side by side.
  const std::vector<Circuit> circuits = {without({{1, 1}}), without({{2, 3}}), without({{0, 0}}),
                                         without({}),       without({{1, 0}}), without({{0, 3}}),
                                         without({{2, 0}}), without({{0, 2}}), without({{2, 1}}),
                                         without({{1, 3}})};
  const std::vector<Evaluation> got = evaluator.evaluate(circuits);
  ASSERT_EQ(got.size(), circuits.size());
  for (std::size_t i = 0; i < circuits.size(); ++i) {
    SCOPED_TRACE(i);
    expect_equal(got[i], fresh().evaluate(circuits[i]));
    if (i > 0) {
      EXPECT_NE(got[i].score_percent, got[0].score_percent);
    }
  }
}

TEST_F(EvaluatorTest, EqualCircuitsAreAllAnswered) {
  const Circuit first = without({{1, 1}}), second = without({{2, 2}});
  const std::vector<Circuit> circuits = {second, first, second, second, first};
  const std::vector<Evaluation> got = evaluator.evaluate(circuits);
  ASSERT_EQ(got.size(), 5u);
  for (std::size_t i = 0; i < circuits.size(); ++i)
    expect_equal(got[i], fresh().evaluate(circuits[i]));
}

TEST_F(EvaluatorTest, EqualCircuitsAreComputedOnce) {
  CountingBackend backend(open_processor(Rung::fp32, 0));
  const Model model(golden::data("models/tiny-a"), backend);
  Evaluator counted(model, made.family.clean, made.family.corrupted, {});
  const auto products_for = [&](const std::vector<Circuit>& circuits) {
    backend.asked.clear();
    counted.evaluate(circuits);
    return backend.count('p');
  };
  const Circuit circuit = without({{1, 1}});
  products_for({circuit});  // from now on the layers below are remembered
  const std::int64_t once = products_for({circuit});
  EXPECT_GT(once, 0);
  EXPECT_EQ(products_for({circuit, circuit, circuit}), once);
  EXPECT_EQ(products_for({}), 0);
}

}  // namespace
}  // namespace headsweep
