#include "io/run_check.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace headsweep {
namespace {

constexpr int most_layers = 1000, most_heads = 1000;  // ten times what exists

std::string problem_of_number(double value, const std::string& what) {
  return std::isfinite(value) ? "" : fmt::format("{} is not a number ({})", what, value);
}

std::string problem_of_numbers(const std::vector<double>& values, const std::string& what) {
  const auto bad =
      std::ranges::find_if_not(values, [](double value) { return std::isfinite(value); });
  return bad == values.end() ? "" : problem_of_number(*bad, what);
}

std::string problem_of_prompt(const PromptRecord& prompt, std::size_t positions) {
  if (prompt.positions.size() != positions)
    return fmt::format("has {} positions, but there are {} position names", prompt.positions.size(),
                       positions);
  if (std::ranges::any_of(prompt.tokens, [](int token) { return token < 0; }))
    return "has a negative token";
  return "";
}

std::string problem_of_prompts(const std::vector<PromptRecord>& prompts, std::size_t positions,
                               const char* kind) {
  for (std::size_t i = 0; i < prompts.size(); ++i)
    if (const std::string problem = problem_of_prompt(prompts[i], positions); !problem.empty())
      return fmt::format("{} prompt {} {}", kind, i + 1, problem);
  return "";
}

std::string problem_of_head(int layer, int head, const RunRecord& record) {
  const bool exists = layer >= 0 && layer < record.layers && head >= 0 && head < record.heads;
  return exists ? "" : fmt::format("head ({}, {}) does not exist", layer, head);
}

std::string problem_of_amount(double value, const std::string& what) {
  return std::isfinite(value) && value >= 0 ? "" : fmt::format("its {} is {}", what, value);
}

std::string problem_of_rungs(const std::vector<RungRecord>& rungs) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    const RungRecord& rung = rungs[i];
    const bool is_new = seen.insert(rung.name).second;
    for (const std::string& problem :
         {problem_of_amount(rung.cost, "cost"), problem_of_amount(rung.error, "error"),
          problem_of_amount(rung.guard, "guard"),
          is_new ? "" : fmt::format("'{}' occurs twice", rung.name)})
      if (!problem.empty()) return fmt::format("rung {}: {}", i + 1, problem);
  }
  return "";
}

/// A record without rungs does not say in which precision its scores are; then all have the 0.
std::string problem_of_rung(int rung, const RunRecord& record) {
  const auto rungs = std::max<std::size_t>(record.rungs.size(), 1);
  const bool exists = rung >= 0 && std::cmp_less(rung, rungs);
  return exists ? ""
                : fmt::format("rung {} does not exist (there are {})", rung, record.rungs.size());
}

std::string problem_of_component(const DecisionRecord& decision, const RunRecord& record) {
  const auto& [layer, head, position] = std::tie(decision.layer, decision.head, decision.position);
  if (decision.is_mlp() && position == every_position) {
    if (layer < 0 || layer >= record.layers) return fmt::format("MLP {} does not exist", layer);
    return mlps_take_part(record.components) ? "" : "MLPs take no part in the search";
  }
  if (std::string problem = problem_of_head(layer, head, record); !problem.empty()) return problem;
  if (!heads_take_part(record.components)) return "heads take no part in the search";
  const bool by_position = record.granularity == Granularity::position;
  if (by_position ? position < 0 || std::cmp_greater_equal(position, record.position_names.size())
                  : position != every_position)
    return fmt::format("its position is {}", position);
  return "";
}

std::string problem_of_decision(const DecisionRecord& decision, const RunRecord& record) {
  if (std::string problem = problem_of_component(decision, record); !problem.empty())
    return problem;
  if (decision.wave < 0) return fmt::format("its wave is {}", decision.wave);
  if (decision.rank < 0) return fmt::format("its rank is {}", decision.rank);
  if (decision.host < 0 || std::cmp_greater_equal(decision.host, record.hosts.size()))
    return fmt::format("host {} does not exist (there are {})", decision.host, record.hosts.size());
  if (decision.per_prompt.size() != record.full_per_prompt.size())
    return fmt::format("it has {} logit differences, the full model has {}",
                       decision.per_prompt.size(), record.full_per_prompt.size());
  for (const std::string& problem :
       {problem_of_rung(decision.rung, record), problem_of_amount(decision.guard, "guard"),
        problem_of_number(decision.score_percent, "score"),
        problem_of_number(decision.margin, "margin"), problem_of_number(decision.seconds, "time"),
        problem_of_numbers(decision.per_prompt, "logit difference")})
    if (!problem.empty()) return problem;
  return "";
}

std::string problem_of_single_removals(const RunRecord& record) {
  std::set<std::pair<int, int>> seen;
  for (std::size_t i = 0; i < record.single_removals.size(); ++i) {
    const auto& [layer, head, score_percent, rung] = record.single_removals[i];
    const bool is_new = seen.emplace(layer, head).second;
    for (const std::string& problem :
         {problem_of_head(layer, head, record), problem_of_number(score_percent, "score"),
          problem_of_rung(rung, record),
          is_new ? "" : fmt::format("head ({}, {}) occurs twice", layer, head)})
      if (!problem.empty()) return fmt::format("single removal {}: {}", i + 1, problem);
  }
  return "";
}

std::string problem_of_audit(const RunRecord& record) {
  std::set<int> seen;
  for (std::size_t i = 0; i < record.audit.size(); ++i) {
    const auto& [decision, score_percent, agrees] = record.audit[i];
    const bool exists = decision >= 0 && std::cmp_less(decision, record.decisions.size());
    const bool is_new = seen.insert(decision).second;
    for (const std::string& problem :
         {exists ? ""
                 : fmt::format("decision {} does not exist (there are {})", decision,
                               record.decisions.size()),
          problem_of_number(score_percent, "score"),
          is_new ? "" : fmt::format("decision {} occurs twice", decision)})
      if (!problem.empty()) return fmt::format("audit {}: {}", i + 1, problem);
  }
  const bool all_agree = std::ranges::all_of(record.audit, &AuditRecord::agrees);
  if (record.status == RunStatus::contradicted && all_agree)
    return "the run is contradicted, but no audit says by what";
  return "";
}

std::string problem_of_work(const WorkRecord& work) {
  for (const long long count :
       {static_cast<long long>(work.waves), work.evaluations, work.discarded})
    if (count < 0) return fmt::format("work: a count is {}", count);
  for (const double seconds :
       {work.compute_seconds, work.communication_seconds, work.waiting_seconds})
    if (!std::isfinite(seconds) || seconds < 0)
      return fmt::format("work: a time is {} seconds", seconds);
  return "";
}

std::string problem_of_head_counts(const RunRecord& record) {
  if (record.layers < 0 || record.layers > most_layers || record.heads < 0 ||
      record.heads > most_heads)
    return fmt::format("a model cannot have {} layers of {} heads", record.layers, record.heads);
  return "";
}

std::string problem_of_full_model(const RunRecord& record) {
  if (!record.full_per_prompt.empty() && record.full_per_prompt.size() != record.clean.size())
    return fmt::format("the full model has {} logit differences for {} clean prompts",
                       record.full_per_prompt.size(), record.clean.size());
  return problem_of_numbers(record.full_per_prompt, "logit difference of the full model");
}

}  // namespace

std::string first_problem(const RunRecord& record) {
  const std::size_t positions = record.position_names.size();
  for (const std::string& problem :
       {problem_of_head_counts(record), problem_of_number(record.threshold, "threshold"),
        problem_of_number(record.full_mean, "mean logit difference of the full model"),
        problem_of_full_model(record), problem_of_work(record.work), problem_of_rungs(record.rungs),
        problem_of_prompts(record.clean, positions, "clean"),
        problem_of_prompts(record.corrupted, positions, "corrupted")})
    if (!problem.empty()) return problem;
  for (std::size_t i = 0; i < record.decisions.size(); ++i)
    if (const std::string problem = problem_of_decision(record.decisions[i], record);
        !problem.empty())
      return fmt::format("decision {}: {}", i + 1, problem);
  if (std::string problem = problem_of_single_removals(record); !problem.empty()) return problem;
  return problem_of_audit(record);
}

}  // namespace headsweep
