#include "pipeline/picture.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/wording.h"

namespace headsweep {
namespace {

constexpr std::size_t most_named = 6;  // components in one line

/// "a, b and 12 more".
std::string listed(std::vector<std::string> items) {
  const std::size_t more = items.size() - std::min(items.size(), most_named);
  items.resize(items.size() - more);
  std::string text = fmt::format("{}", fmt::join(items, ", "));
  return more == 0 ? text : text + fmt::format(" and {} more", more);
}

/// Four decimals, but never just zeros: in fp64 margins may be tiny.
std::string margin_text(double margin) {
  return std::abs(margin) < 1e-3 ? fmt::format("{:+.2g}", margin) : fmt::format("{:+.4f}", margin);
}

const RungRecord& rung_of(const DecisionRecord& decision, const RunRecord& record) {
  return record.rungs[static_cast<std::size_t>(decision.rung)];
}

/// fp64 is what the other rungs are held against.
bool is_reference(const RungRecord& rung) { return rung.name == "fp64"; }

/// Its rung may be wrong by more than the margin, and no higher one was asked.
bool is_uncertified(const DecisionRecord& decision, const RunRecord& record) {
  return !is_reference(rung_of(decision, record)) && std::abs(decision.margin) < decision.guard;
}

/// "15 in fp32 (guard 0.0004)".
std::string rung_text(const RungRecord& rung, std::ptrdiff_t decisions, std::ptrdiff_t uncertified,
                      const char* unit) {
  std::string text = fmt::format("{}{} in {}", decisions, unit, rung.name);
  if (is_reference(rung)) return text;
  text += fmt::format(" (guard {:.2g}", rung.guard);
  if (uncertified > 0)
    text += fmt::format("; {} of them {} inside its guard: uncertified", uncertified,
                        uncertified == 1 ? "lies" : "lie");
  return text + ')';
}

/// How many decisions were made on which rung, and the nearest of them.
std::string precision_line(const RunRecord& record) {
  if (record.rungs.empty() || record.decisions.empty()) return "";
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < record.rungs.size(); ++i) {
    const auto is_here = [&](const auto& d) { return std::cmp_equal(d.rung, i); };
    const auto is_unsure = [&](const auto& d) { return is_here(d) && is_uncertified(d, record); };
    const auto count = std::ranges::count_if(record.decisions, is_here);
    const char* unit = !texts.empty() ? "" : count == 1 ? " decision" : " decisions";
    if (count > 0)
      texts.push_back(rung_text(record.rungs[i], count,
                                std::ranges::count_if(record.decisions, is_unsure), unit));
  }
  const auto nearest = std::ranges::min_element(record.decisions, {},
                                                [](const auto& d) { return std::abs(d.margin); });
  const RungRecord& rung = rung_of(*nearest, record);
  return fmt::format("precision: {}; smallest margin {} ({}, {}{})\n", fmt::join(texts, ", "),
                     margin_text(nearest->margin), component_text(*nearest, record), rung.name,
                     is_reference(rung) ? "" : fmt::format(", guard {:.2g}", nearest->guard));
}

std::string tie_line(const RunRecord& record) {
  std::vector<std::string> ties;
  for (const DecisionRecord& decision : record.decisions)
    if (decision.tie) ties.push_back(component_text(decision, record));
  if (ties.empty()) return "";
  return fmt::format("tie: {}: margin below 1e-9 in fp64, decided by the rule\n", listed(ties));
}

/// "3.1", "3.mlp", "3.1 at S1".
std::string short_text(const DecisionRecord& decision, const RunRecord& record) {
  if (decision.is_mlp()) return fmt::format("{}.mlp", decision.layer);
  const std::string head = fmt::format("{}.{}", decision.layer, decision.head);
  if (decision.position == every_position) return head;
  return fmt::format("{} at {}", head,
                     record.position_names[static_cast<std::size_t>(decision.position)]);
}

std::string fragile_line(const RunRecord& record, double amount) {
  if (record.decisions.empty()) return "";
  std::vector<std::string> named;
  for (const std::size_t i : fragile_decisions(record, amount)) {
    const DecisionRecord& decision = record.decisions[i];
    named.push_back(
        fmt::format("{} ({})", short_text(decision, record), margin_text(decision.margin)));
  }
  return fmt::format(
      "fragile: {} of {} decisions would fall otherwise at a threshold moved by {}{}{}\n",
      named.empty() ? "none" : std::to_string(named.size()), record.decisions.size(), amount,
      named.empty() ? "" : ": ", listed(named));
}

std::string audit_line(const RunRecord& record) {
  if (record.audit.empty()) return "";
  std::vector<std::string> contradictions;
  for (const AuditRecord& each : record.audit) {
    if (each.agrees) continue;
    const DecisionRecord& decision = record.decisions[static_cast<std::size_t>(each.decision)];
    contradictions.push_back(fmt::format(
        "{}: CONTRADICTED, {} at {:.4f}, fp64 says {:.4f}", component_text(decision, record),
        decision.removed ? "removed" : "kept", decision.score_percent, each.score_percent));
  }
  const std::size_t audited = record.audit.size();
  if (contradictions.empty())
    return fmt::format("audit: {} evaluated again in fp64, {}\n",
                       counted(std::ssize(record.audit), "decision", "decisions"),
                       audited == 1 ? "which agrees" : "all agree");
  return fmt::format("audit: {}; {} of {} decisions evaluated again in fp64 agree\n",
                     fmt::join(contradictions, "; "), audited - contradictions.size(), audited);
}

/// "48 decisions"; a search that alternates makes as many in its first pass, and then some.
std::string planned_decisions(const RunRecord& record) {
  const auto positions = record.granularity == Granularity::position
                             ? static_cast<int>(record.position_names.size())
                             : 1;
  const int of_layer = (heads_take_part(record.components) ? record.heads * positions : 0) +
                       (mlps_take_part(record.components) ? 1 : 0);
  const bool more = value_of(record.identity, "order", "") == name_of(Order::alternate);
  return fmt::format("{}{} decisions", more ? "at least " : "", record.layers * of_layer);
}

std::string status_line(const RunRecord& record) {
  switch (record.status) {
    case RunStatus::complete:
      return "";
    case RunStatus::contradicted:
      return fmt::format("status: {}: an audit found a decision that fp64 does not make\n",
                         name_of(record.status));
    case RunStatus::spoilt:
      return fmt::format("status: {}: the checkpoint changed while it was computed with\n",
                         name_of(record.status));
    case RunStatus::running:
    case RunStatus::stopped:
      break;
  }
  return fmt::format("status: {} after {} of {}; run the job again to go on\n",
                     name_of(record.status), record.decisions.size(), planned_decisions(record));
}

/// "12 waves, 61 evaluations (13 thrown away); over 4 ranks ..."; empty if nothing was done.
std::string work_line(const RunRecord& record) {
  const WorkRecord& work = record.work;
  if (work.waves == 0) return "";
  const double all = work.compute_seconds + work.communication_seconds + work.waiting_seconds;
  const auto share = [&](double seconds) { return all > 0 ? 100 * seconds / all : 0; };
  return fmt::format(
      "work: {} waves, {} evaluations, {} of them thrown away; ranks {}; {:.1f} rank-seconds: "
      "{:.0f} % "
      "computing, {:.1f} % talking, {:.0f} % waiting\n",
      work.waves, work.evaluations, work.discarded, value_of(record.provenance, "ranks", "?"), all,
      share(work.compute_seconds), share(work.communication_seconds), share(work.waiting_seconds));
}

std::string table_header(const RunRecord& record) {
  return fmt::format("{:>6} {:>5} {}{:>12} {:>12} {:>7} {:>9}  {:8} {:>6} {:>5}  {}\n", "layer",
                     "head", record.granularity == Granularity::position ? "position " : "",
                     "score %", "margin", "rung", "guard", "decision", "wave", "rank", "host");
}

std::string table_row(const DecisionRecord& d, const RunRecord& record) {
  const bool has_rung = !record.rungs.empty();
  std::string position;
  if (record.granularity == Granularity::position)
    position =
        fmt::format("{:8} ", d.position == every_position
                                 ? ""
                                 : record.position_names[static_cast<std::size_t>(d.position)]);
  return fmt::format("{:>6} {:>5} {}{:>12.6f} {:>+12.6f} {:>7} {:>9}  {:8} {:>6} {:>5}  {}\n",
                     d.layer, d.is_mlp() ? "mlp" : std::to_string(d.head), position,
                     d.score_percent, d.margin, has_rung ? rung_of(d, record).name : "-",
                     has_rung ? fmt::format("{:.2g}", d.guard) : "-",
                     d.removed ? "removed" : "kept", d.wave, d.rank,
                     record.hosts[static_cast<std::size_t>(d.host)]);
}

/// "7 of 48 heads, 2 of 6 MLPs".
std::string kept_text(const RunRecord& record) {
  std::vector<std::string> parts;
  if (heads_take_part(record.components))
    parts.push_back(
        fmt::format("{} of {} heads", kept_heads(record).size(), record.layers * record.heads));
  if (mlps_take_part(record.components))
    parts.push_back(fmt::format("{} of {} MLPs", kept_mlps(record).size(), record.layers));
  if (record.granularity == Granularity::position) parts.front() += " at some position";
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string summary(const RunRecord& record, double fragile_amount) {
  const bool by_position = record.granularity == Granularity::position;
  const std::string resample = value_of(record.identity, "resample", "");
  std::string text = fmt::format(
      "family {}, corruption {}, {} ablation{}, positions {}, order {}, threshold {} %{}\n",
      record.family, value_of(record.identity, "corruption", "?"),
      value_of(record.identity, "ablation", "?"),
      value_of(record.identity, "mlp_means", "") == name_of(MlpMeans::under_head_mask)
          ? " (MLPs under the head mask)"
          : "",
      value_of(record.identity, "positions", "?"), value_of(record.identity, "order", "?"),
      record.threshold, resample.empty() ? "" : fmt::format(", resample {}", resample));
  text += fmt::format("full model: mean logit difference {:.4f} over {} prompts\n",
                      record.full_mean, record.full_per_prompt.size());
  for (const char* key : {"prompt_warnings", "full_model_warnings"})
    if (const std::string warnings = value_of(record.provenance, key, ""); !warnings.empty())
      text += fmt::format("warning: {}\n", warnings);
  text += status_line(record) + precision_line(record) + tie_line(record) +
          fragile_line(record, fragile_amount) + audit_line(record);
  const std::string picture = circuit_picture(record);
  text += fmt::format("\n{}\n# kept   {}. removed{}\n", picture,
                      by_position ? "+ at some positions   " : "",
                      picture.find('?') != std::string::npos ? "   ? not decided" : "");
  text += fmt::format("circuit: {}, score {:.2f} % of the full model\n", kept_text(record),
                      circuit_score_percent(record));
  return text + work_line(record);
}

std::string decision_table(const RunRecord& record) {
  std::string text = table_header(record);
  for (const DecisionRecord& decision : record.decisions) text += table_row(decision, record);
  return text;
}

std::string fragile_table(const RunRecord& record, double amount) {
  std::string text = table_header(record);
  for (const std::size_t i : fragile_decisions(record, amount))
    text += table_row(record.decisions[i], record);
  return text;
}

}  // namespace headsweep
