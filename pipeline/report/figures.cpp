#include "pipeline/report/figures.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace headsweep {
namespace {

/// Those of the last circuit that was taken; the full model's before any was.
std::vector<double> circuit_per_prompt(const RunRecord& record) {
  const auto& decisions = record.decisions;
  const auto last =
      std::ranges::find(decisions.rbegin(), decisions.rend(), true, &DecisionRecord::removed);
  return last == decisions.rend() ? record.full_per_prompt : last->per_prompt;
}

std::vector<std::size_t> nearest_first(const RunRecord& record) {
  std::vector<std::size_t> order(record.decisions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {},
                           [&](std::size_t i) { return std::abs(record.decisions[i].margin); });
  return order;
}

}  // namespace

std::vector<CurvePoint> removal_curve(const RunRecord& record) {
  std::vector<CurvePoint> curve;
  CurvePoint circuit = {.score_percent = 100, .left = components_of(record)};
  for (const DecisionRecord& decision : record.decisions) {
    if (decision.removed) circuit = {decision.score_percent, circuit.left - 1};
    curve.push_back(circuit);
  }
  return curve;
}

RunFigures figures_of(const RunRecord& record) {
  return {.kept = kept_components(record),
          .components = components_of(record),
          .score_percent = circuit_score_percent(record),
          .curve = removal_curve(record),
          .circuit_per_prompt = circuit_per_prompt(record),
          .nearest = nearest_first(record),
          .fragile = fragile_decisions(record, fragile_points).size(),
          .same_prompts = {}};
}

}  // namespace headsweep
