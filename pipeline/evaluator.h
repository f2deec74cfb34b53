// Scores circuits on one family. Knows the model, knows no rule.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "model/circuit_forward.h"

namespace headsweep {

/// One circuit scored on one family.
struct Evaluation {
  double score_percent = 0;
  double mean = 0;                 // of the logit differences
  std::vector<double> per_prompt;  // logit differences
};

double mean(const std::vector<double>& values);

/// The score of logit differences against the full model's mean.
Evaluation scored(std::vector<double> per_prompt, double full_mean);

class Evaluator {
 public:
  static constexpr int unlimited = std::numeric_limits<int>::max();

  /// Computes the ablation's fills and the full model's logit differences. `most_circuits`: that
  /// the device's memory can hold side by side.
  Evaluator(const Gpt2& model, const PromptBatch& clean, const PromptBatch& corrupted,
            const AblationRule& rule, int most_circuits = unlimited);

  /// The full model: 100 percent by definition.
  const Evaluation& full() const { return full_; }

  /// So many circuits share their matrix products.
  int most_side_by_side() const { return forward_.most_circuits(); }

  /// (circuits, prompts), in the order of `circuits`; equal ones are computed once.
  std::vector<std::vector<double>> logit_differences(std::span<const Circuit> circuits);
  std::vector<Evaluation> evaluate(std::span<const Circuit> circuits);
  Evaluation evaluate(const Circuit& circuit) { return evaluate(std::span(&circuit, 1)).front(); }

 private:
  CircuitForward forward_;
  Evaluation full_;
};

}  // namespace headsweep
