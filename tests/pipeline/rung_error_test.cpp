// How far the scores of each precision are from the reference's float64, over all searches of the
// small models, and which decisions they would change.
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "pipeline/evaluator.h"
#include "pipeline/search.h"
#include "tests/golden_search.h"

namespace headsweep {
namespace {

struct Errors {
  double largest = 0;  // percentage points
  std::string of;      // file, layer, head
  int decisions = 0;
  std::vector<std::string> otherwise;  // decisions that the rung would change
};

/// The circuits of the reference's search, whatever the rung would decide.
void follow(const std::string& file, Rung rung, Errors& errors) {
  const golden::Case made(file, rung);
  Evaluator evaluator(made.model, made.family.clean, made.family.corrupted,
                      golden::ablation_rule(made.expected));
  const double threshold = made.expected["threshold"];
  const auto& names = made.family.clean.position_names;
  GreedySearch search(golden::search_rule(made.expected, made.model.config(), names));
  for (const golden::Json& step : made.expected["trace"]) {
    ASSERT_EQ(search.next_step(), GreedySearch::Step::decide);
    const double score = evaluator.evaluate(search.wanted()).score_percent,
                 expected = step[2].get<double>(), error = std::abs(score - expected);
    const Decision& decision = search.tell(expected);
    ASSERT_EQ(decision.removed, step[3].get<bool>());
    const std::string which =
        fmt::format("{} layer {} {}", file, decision.component.layer, step[1].dump());
    ++errors.decisions;
    if (error > errors.largest) {
      errors.largest = error;
      errors.of = which;
    }
    if ((100 - score < threshold) != decision.removed)
      errors.otherwise.push_back(fmt::format("{}: margin {:+.6f}, error {:.6f}", which,
                                             100 - expected - threshold, error));
  }
}

class RungErrors : public testing::TestWithParam<Rung> {};

INSTANTIATE_TEST_SUITE_P(Rungs, RungErrors, testing::ValuesIn(golden::rungs()),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(RungErrors, AreBelowTheRungsToleranceAndChangeNoDecisionFromBf16x3On) {
  const Rung rung = GetParam();
  Errors errors;
  for (const std::string& file : golden::searches_in_order("backward")) follow(file, rung, errors);
  fmt::print("{}: largest error {:.3g} percentage points ({}); {} of {} decisions fall otherwise\n",
             name_of(rung), errors.largest, errors.of, errors.otherwise.size(), errors.decisions);
  for (const std::string& each : errors.otherwise) fmt::print("  {}\n", each);
  EXPECT_LT(errors.largest, golden::score_tolerance(rung));
  if (rung != Rung::bf16) {
    EXPECT_TRUE(errors.otherwise.empty());
  }
}

}  // namespace
}  // namespace headsweep
