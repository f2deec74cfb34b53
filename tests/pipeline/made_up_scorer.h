// A scorer without a model, and circuits for it, small enough to reckon by hand.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "pipeline/analyses/scorer.h"
#include "pipeline/analyses/subject.h"
#include "tests/small_run.h"

namespace headsweep {

/// A mean logit difference for each circuit, and how often it was asked for.
struct MadeUp {
  std::function<double(const Circuit&)> mean;
  double full = 15;
  std::vector<std::vector<Question>> asked = {};
  Scorer scorer{[this](std::span<const Question> questions) {
    asked.emplace_back(questions.begin(), questions.end());
    std::vector<Answer> answers;
    for (const Question& each : questions)
      answers.push_back({mean(each.circuit) + 100 * each.family, full});
    return answers;
  }};

  explicit MadeUp(std::function<double(const Circuit&)> mean_) : mean(std::move(mean_)) {}
  MadeUp(const MadeUp&) = delete;
  MadeUp& operator=(const MadeUp&) = delete;
};

/// 10 for head 0.1 and 1 for 0.0; 4 for 1.1; where that is missing 1.2 does 3 in its place.
inline double with_a_backup(const Circuit& c) {
  double mean = c.keeps(0, 1) ? 10 : 0;
  if (c.keeps(0, 0)) mean += 1;
  if (c.keeps(1, 1)) return mean + 4;
  return c.keeps(1, 2) ? mean + 3 : mean;
}

/// As likely done by 1.1 as by 1.2.
inline double redundant(const Circuit& c) {
  return (c.keeps(0, 1) ? 10 : 0) + (c.keeps(1, 1) || c.keeps(1, 2) ? 4 : 0);
}

constexpr RunComponent head(int layer, int number) { return {layer, number}; }

/// The circuit 0.1, 1.1; or with 1.2.
inline Subject small_subject() { return subject_of(small_run(), 0); }
inline Subject subject_with_1_2() {
  RunRecord run = small_run();
  run.decisions[2].removed = false;
  return subject_of(run, 0);
}

/// A circuit of everything in 4 layers of 5 heads.
inline Subject large_subject() {
  RunRecord run = small_run();
  run.layers = 4;
  run.heads = 5;
  run.decisions.clear();
  return subject_of(run, 0);
}

}  // namespace headsweep
