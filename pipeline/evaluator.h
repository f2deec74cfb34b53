// Scores circuits on one family. Knows the model, knows no rule.
#pragma once

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

class Evaluator {
 public:
  /// Computes the ablation's fills and the full model's logit differences.
  Evaluator(const Gpt2& model, const PromptBatch& clean, const PromptBatch& corrupted,
            Ablation ablation, Positions positions);

  /// The full model: 100 percent by definition.
  const Evaluation& full() const { return full_; }

  /// In the order of `circuits`; equal ones are computed once.
  std::vector<Evaluation> evaluate(std::span<const Circuit> circuits);
  Evaluation evaluate(const Circuit& circuit) { return evaluate(std::span(&circuit, 1)).front(); }

 private:
  Evaluation score(std::vector<double> per_prompt) const;

  CircuitForward forward_;
  Evaluation full_;
};

}  // namespace headsweep
