#include "pipeline/evaluator.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace headsweep {
namespace {

AtOnce useful(const AtOnce& at_once, const DeviceInfo& device, const PromptBatch& clean) {
  return {std::min(circuits_side_by_side(device, clean), at_once.circuits), at_once.prompts};
}

}  // namespace

int circuits_side_by_side(const DeviceInfo& device, const PromptBatch& clean) {
  const std::int64_t rows = std::int64_t{clean.prompts()} * clean.longest();
  return static_cast<int>(std::clamp<std::int64_t>(
      device.enough_rows / std::max(rows, std::int64_t{1}), 1, device.most_circuits));
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Evaluation scored(std::vector<double> per_prompt, double full_mean) {
  const double kept = mean(per_prompt);
  return {100 * kept / full_mean, kept, std::move(per_prompt)};
}

Evaluator::Evaluator(const Model& model, const PromptBatch& clean, const PromptBatch& corrupted,
                     const AblationRule& rule, const AtOnce& at_once)
    : forward_(model, clean, corrupted, rule, useful(at_once, model.backend().info(), clean)) {
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
  std::vector<std::vector<double>> per_prompt = forward_.run(distinct);
  for (std::size_t i = 0; i < distinct.size(); ++i) results[distinct[i]] = std::move(per_prompt[i]);
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
