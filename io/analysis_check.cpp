#include "io/analysis_check.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace headsweep {
namespace {

constexpr int most_layers = 1000, most_heads = 1000;  // ten times what exists

std::string problem_of_number(double value, const char* what) {
  return std::isfinite(value) ? "" : fmt::format("{} is not a number ({})", what, value);
}

/// Scores are shares of it.
std::string problem_of_full(double full) {
  return full != 0 ? problem_of_number(full, "the mean of the full model")
                   : "the mean of the full model is 0";
}

std::string problem_of_shape(const AnalysisRecord& record) {
  if (record.layers < 0 || record.layers > most_layers || record.heads < 0 ||
      record.heads > most_heads)
    return fmt::format("a model cannot have {} layers of {} heads", record.layers, record.heads);
  return "";
}

bool takes_part(RunComponent component, const AnalysisRecord& record) {
  if (component.layer < 0 || component.layer >= record.layers) return false;
  if (component.is_mlp())
    return mlps_take_part(record.components) && component.position == RunComponent::every_position;
  if (component.head < 0 || component.head >= record.heads || !heads_take_part(record.components))
    return false;
  return record.granularity == Granularity::position
             ? component.position >= 0 &&
                   std::cmp_less(component.position, record.position_names.size())
             : component.position == RunComponent::every_position;
}

std::string problem_of_components(const std::vector<RunComponent>& components,
                                  const AnalysisRecord& record) {
  std::set<RunComponent> seen;
  for (const RunComponent each : components) {
    const auto named = [&](const char* problem) {
      return fmt::format("component ({}, {}, {}) {}", each.layer, each.head, each.position,
                         problem);
    };
    if (!takes_part(each, record)) return named("takes no part");
    if (!seen.insert(each).second) return named("occurs twice");
  }
  return "";
}

std::string problem_of_knockouts(const AnalysisRecord& record) {
  for (const KnockoutRecord& each : record.knockouts)
    for (const std::string& problem :
         {problem_of_number(each.without, "without"), problem_of_number(each.alone, "alone")})
      if (!problem.empty()) return problem;
  return problem_of_components(subjects_of(record.knockouts), record);
}

std::string problem_of_completeness(const AnalysisRecord& record) {
  for (const CompletenessRecord& each : record.completeness)
    for (const std::string& problem :
         {problem_of_number(each.circuit, "circuit"), problem_of_number(each.model, "model"),
          problem_of_components(each.removed, record)})
      if (!problem.empty()) return problem;
  return "";
}

std::string problem_of_minimality(const AnalysisRecord& record) {
  for (const MinimalityRecord& each : record.minimality) {
    for (const std::string& problem :
         {problem_of_number(each.with, "with"), problem_of_number(each.without, "without"),
          problem_of_components(each.removed, record)})
      if (!problem.empty()) return problem;
    if (std::ranges::find(each.removed, each.component) != each.removed.end())
      return "a component is among those that are removed before it";
  }
  return problem_of_components(subjects_of(record.minimality), record);
}

std::string problem_of_sizes(const AnalysisRecord& record) {
  double last = 0;
  for (const auto& [fraction, kept, mean] : record.sizes) {
    if (!(fraction > last && fraction <= 1))  // NaN, too
      return fmt::format("fraction {} is not above the one before and at most 1", fraction);
    last = fraction;
    if (kept < 0) return fmt::format("{} components are kept", kept);
    if (std::string problem = problem_of_number(mean, "mean"); !problem.empty()) return problem;
  }
  return "";
}

std::string within(const char* what, const std::string& problem) {
  return problem.empty() ? "" : fmt::format("{}: {}", what, problem);
}

}  // namespace

std::string first_problem(const AnalysisRecord& record) {
  for (const std::string& problem :
       {problem_of_shape(record), problem_of_full(record.full),
        problem_of_number(record.threshold, "threshold"),
        problem_of_number(record.everything, "the mean of everything"),
        problem_of_number(record.circuit, "the mean of the circuit"),
        problem_of_number(record.empty, "the mean of the empty circuit"),
        within("knockouts", problem_of_knockouts(record)),
        within("completeness", problem_of_completeness(record)),
        within("minimality", problem_of_minimality(record)),
        within("sizes", problem_of_sizes(record))})
    if (!problem.empty()) return problem;
  return "";
}

std::string first_problem(const ComparisonRecord& record) {
  const std::size_t circuits = record.circuits.size(), families = record.families.size();
  if (record.run_sha256.size() != circuits)
    return fmt::format("{} runs have {} sums", circuits, record.run_sha256.size());
  if (record.full.size() != families || record.empty.size() != families)
    return fmt::format("{} families have {} and {} means of the full model and of nothing",
                       families, record.full.size(), record.empty.size());
  for (std::size_t family = 0; family < families; ++family)
    for (const std::string& problem :
         {problem_of_full(record.full[family]),
          problem_of_number(record.empty[family], "the mean of the empty circuit")})
      if (!problem.empty()) return within(record.families[family].c_str(), problem);
  if (record.means.size() != circuits)
    return fmt::format("{} circuits have {} rows of means", circuits, record.means.size());
  for (const std::vector<double>& row : record.means) {
    if (row.size() != families)
      return fmt::format("a circuit has {} means on {} families", row.size(), families);
    if (std::ranges::any_of(row, [](double mean) { return std::isinf(mean); }))
      return "a circuit's mean is infinite";
  }
  return "";
}

}  // namespace headsweep
