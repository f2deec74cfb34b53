#include "model/next_token.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/golden.h"
#include "tests/near.h"
#include "tests/processor.h"

namespace headsweep {
namespace {

/// The expected logits are float32, and so is what is computed here: 16 is known to 1e-6.
constexpr double tolerance = 1e-4;

class GoldenPrompts : public testing::TestWithParam<std::pair<std::string, Processing>> {};

TEST_P(GoldenPrompts, HaveTheReferencesTopTokensAndRanks) {
  const auto& [name, processing] = GetParam();
  const auto backend = open_processor(Rung::fp32, 0);
  const Model model(golden::data("models/" + name), *backend);
  const Tokenizer tokenizer(golden::data("gpt2-tokenizer"));
  int prompts = 0;
  for (const auto& expected : golden::read(golden::data("golden/prompts.json"))) {
    if (expected["model"] != name || expected["processing"] != name_of(processing)) continue;
    ++prompts;
    std::vector<int> tokens = tokenizer.encode(expected["text"].get<std::string>());
    tokens.insert(tokens.begin(), tokenizer.end_of_text());
    EXPECT_EQ(tokens, expected["tokens"].get<std::vector<int>>());

    const std::vector<double> logits = next_token_logits(model, tokens, processing),
                              shares = softmax(logits);
    ASSERT_EQ(logits.size(), static_cast<std::size_t>(model.config().vocabulary));
    const double answer = logits[expected["answer_token"].get<std::size_t>()];
    const auto above = [&](double bound) {
      return std::count_if(logits.begin(), logits.end(),
                           [&](double logit) { return logit > bound; });
    };
    // Far down the list logits lie so close that rounding may swap neighbours.
    EXPECT_LE(above(answer + tolerance), expected["rank"].get<long>()) << expected["text"];
    EXPECT_GE(above(answer - tolerance), expected["rank"].get<long>()) << expected["text"];

    std::vector<double> descending = logits;
    std::sort(descending.rbegin(), descending.rend());
    for (std::size_t i = 0; i < expected["top"].size(); ++i) {
      const auto& top = expected["top"][i];
      const auto token = top[0].get<std::size_t>();
      EXPECT_NEAR(logits[token], top[2], tolerance) << expected["text"] << i;
      EXPECT_NEAR(descending[i], top[2], tolerance) << expected["text"] << i;
      EXPECT_NEAR(shares[token], top[3], 1e-5) << expected["text"] << i;
      EXPECT_EQ(tokenizer.decode(static_cast<int>(token)), top[1]);
    }
  }
  EXPECT_EQ(prompts, 6);
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenPrompts,
                         testing::Values(std::pair("tiny-a", Processing::none),
                                         std::pair("tiny-a", Processing::transformer_lens),
                                         std::pair("tiny-b", Processing::none),
                                         std::pair("tiny-b", Processing::transformer_lens)),
                         [](const auto& info) {
                           return golden::test_name(info.param.first + "_" +
                                                    name_of(info.param.second));
                         });

TEST(NextToken, ProcessingAsTransformerLensCentresTheLogits) {
  const auto backend = open_processor(Rung::fp32, 0);
  const Model model(golden::data("models/tiny-a"), *backend);
  std::vector<double> plain = next_token_logits(model, {1, 2, 3}, Processing::none);
  const std::vector<double> centred =
      next_token_logits(model, {1, 2, 3}, Processing::transformer_lens);
  const auto count = static_cast<double>(plain.size());
  const double mean = std::accumulate(plain.begin(), plain.end(), 0.0) / count;
  EXPECT_GT(std::abs(mean), 0.01);
  EXPECT_NEAR(std::accumulate(centred.begin(), centred.end(), 0.0) / count, 0, 1e-9);
  for (double& logit : plain) logit -= mean;
  EXPECT_TRUE(all_near(centred, plain, 1e-12));
}

TEST(NextToken, AnswerLogitsAreThoseOfTheWholeVocabulary) {
  const auto backend = open_processor(Rung::fp64, 0);
  const Model model(golden::data("models/tiny-a"), *backend);
  PromptBatch prompts;
  // More than are computed at once, of unequal lengths.
  for (int i = 0; i < 70; ++i) {
    prompts.tokens.push_back(std::vector<int>(static_cast<std::size_t>(1 + i % 3), 500 + i));
    prompts.answers.push_back(600 + i);
    prompts.distractors.push_back(700 + i);
  }
  const std::vector<AnswerLogits> found = answer_logits(model, prompts);
  ASSERT_EQ(found.size(), 70u);
  for (const std::size_t i : {0u, 1u, 63u, 64u, 69u}) {
    std::vector<double> logits = next_token_logits(model, prompts.tokens[i], Processing::none);
    double& answer = logits[600 + i];
    // A batch must not change a number.
    EXPECT_EQ(found[i].answer, answer);
    EXPECT_EQ(found[i].distractor, logits[700 + i]);
    answer = -1e9;
    EXPECT_EQ(found[i].best_other, *std::max_element(logits.begin(), logits.end()));
  }
}

TEST(Softmax, GivesSharesThatSumToOne) {
  EXPECT_TRUE(all_near(softmax({std::log(1.0), std::log(3.0), std::log(4.0)}),
                       std::vector{0.125, 0.375, 0.5}, 1e-15));
  EXPECT_EQ(softmax({-7}), std::vector{1.0});
}

TEST(Softmax, TakesLogitsWhoseExponentialsAreBeyondARealNumber) {
  EXPECT_TRUE(all_near(softmax({5000, 5000, -5000}), std::vector{0.5, 0.5, 0.0}, 1e-15));
}

}  // namespace
}  // namespace headsweep
