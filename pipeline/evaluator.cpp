#include "pipeline/evaluator.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace headsweep {
namespace {

/// Circuits run side by side share a layer's operations: worth it while a product has few rows.
int circuits_side_by_side(const DeviceInfo& device, const PromptBatch& clean) {
  const int rows = clean.prompts() * clean.longest();
  return std::clamp(device.enough_rows / std::max(rows, 1), 1, device.most_circuits);
}

}  // namespace

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Evaluation scored(std::vector<double> per_prompt, double full_mean) {
  const double kept = mean(per_prompt);
  return {100 * kept / full_mean, kept, std::move(per_prompt)};
}

Evaluator::Evaluator(const Gpt2& model, const PromptBatch& clean, const PromptBatch& corrupted,
                     const AblationRule& rule, int most_circuits)
    : forward_(model, clean, corrupted, rule,
               std::min(circuits_side_by_side(model.backend().info(), clean), most_circuits)) {
  full_.per_prompt = forward_.run_full_model();
  full_.mean = mean(full_.per_prompt);
  full_.score_percent = 100;
}

std::vector<std::vector<double>> Evaluator::logit_differences(std::span<const Circuit> circuits) {
  std::map<Circuit, std::vector<double>> results;
  for (const Circuit& circuit : circuits) results.emplace(circuit, std::vector<double>());
  // Sorted, circuits with long common prefixes are neighbours.
  std::vector<Circuit> distinct;
  for (const auto& [circuit, per_prompt] : results) distinct.push_back(circuit);
  const auto most = static_cast<std::size_t>(forward_.most_circuits());
  for (std::size_t first = 0; first < distinct.size(); first += most) {
    const auto batch = std::span(distinct).subspan(first, std::min(most, distinct.size() - first));
    auto per_prompt = forward_.run(batch);
    for (std::size_t i = 0; i < batch.size(); ++i) results[batch[i]] = std::move(per_prompt[i]);
  }
  std::vector<std::vector<double>> in_order;
  for (const Circuit& circuit : circuits) in_order.push_back(results.at(circuit));
  return in_order;
}

std::vector<Evaluation> Evaluator::evaluate(std::span<const Circuit> circuits) {
  std::vector<Evaluation> evaluations;
  for (auto& per_prompt : logit_differences(circuits))
    evaluations.push_back(scored(std::move(per_prompt), full_.mean));
  return evaluations;
}

}  // namespace headsweep
