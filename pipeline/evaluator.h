// Scores circuits on one family. Knows the model, knows no rule.
#pragma once

#include <span>
#include <vector>

#include "model/family_forward.h"

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

/// Circuits run side by side share a layer's operations: worth it while a product has few rows.
int circuits_side_by_side(const DeviceInfo& device, const PromptBatch& clean);

class Evaluator {
 public:
  /// Computes the ablation's fills and the full model's logit differences. `at_once`: what the
  /// memory allows; a device is seldom filled by as many circuits side by side.
  Evaluator(const Model& model, const PromptBatch& clean, const PromptBatch& corrupted,
            const AblationRule& rule, const AtOnce& at_once = no_limit);

  /// The full model: 100 percent by definition.
  const Evaluation& full() const { return full_; }

  /// So many circuits share their matrix products.
  int most_side_by_side() const { return forward_.most_circuits(); }

  /// (circuits, prompts), in the order of `circuits`; equal ones are computed once.
  std::vector<std::vector<double>> logit_differences(std::span<const Circuit> circuits);
  std::vector<Evaluation> evaluate(std::span<const Circuit> circuits);
  Evaluation evaluate(const Circuit& circuit) { return evaluate(std::span(&circuit, 1)).front(); }

 private:
  FamilyForward forward_;
  Evaluation full_;
};

}  // namespace headsweep
