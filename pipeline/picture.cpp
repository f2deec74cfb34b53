#include "pipeline/picture.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace headsweep {
namespace {

constexpr std::size_t most_named = 6;  // heads in one line

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

std::string head_text(const DecisionRecord& decision) {
  return fmt::format("head {} of layer {}", decision.head, decision.layer);
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
                     margin_text(nearest->margin), head_text(*nearest), rung.name,
                     is_reference(rung) ? "" : fmt::format(", guard {:.2g}", nearest->guard));
}

std::string tie_line(const RunRecord& record) {
  std::vector<std::string> ties;
  for (const DecisionRecord& decision : record.decisions)
    if (decision.tie) ties.push_back(head_text(decision));
  if (ties.empty()) return "";
  return fmt::format("tie: {}: margin below 1e-9 in fp64, decided by the rule\n", listed(ties));
}

std::string fragile_line(const RunRecord& record, double amount) {
  if (record.decisions.empty()) return "";
  std::vector<std::string> heads;
  for (const std::size_t i : fragile_decisions(record, amount)) {
    const DecisionRecord& decision = record.decisions[i];
    heads.push_back(
        fmt::format("{}.{} ({})", decision.layer, decision.head, margin_text(decision.margin)));
  }
  return fmt::format(
      "fragile: {} of {} decisions would fall otherwise at a threshold moved by {}{}{}\n",
      heads.empty() ? "none" : std::to_string(heads.size()), record.decisions.size(), amount,
      heads.empty() ? "" : ": ", listed(heads));
}

std::string audit_line(const RunRecord& record) {
  if (record.audit.empty()) return "";
  std::vector<std::string> contradictions;
  for (const AuditRecord& each : record.audit) {
    if (each.agrees) continue;
    const DecisionRecord& decision = record.decisions[static_cast<std::size_t>(each.decision)];
    contradictions.push_back(fmt::format("{}: CONTRADICTED, {} at {:.4f}, fp64 says {:.4f}",
                                         head_text(decision), decision.removed ? "removed" : "kept",
                                         decision.score_percent, each.score_percent));
  }
  const std::size_t audited = record.audit.size();
  if (contradictions.empty())
    return fmt::format("audit: {} decision{} evaluated again in fp64, {}\n", audited,
                       audited == 1 ? "" : "s", audited == 1 ? "which agrees" : "all agree");
  return fmt::format("audit: {}; {} of {} decisions evaluated again in fp64 agree\n",
                     fmt::join(contradictions, "; "), audited - contradictions.size(), audited);
}

std::string status_line(const RunRecord& record) {
  switch (record.status) {
    case RunStatus::complete:
      return "";
    case RunStatus::contradicted:
      return fmt::format("status: {}: an audit found a decision that fp64 does not make\n",
                         name_of(record.status));
    case RunStatus::running:
    case RunStatus::stopped:
      break;
  }
  return fmt::format("status: {} after {} of {} decisions; run the job again to go on\n",
                     name_of(record.status), record.decisions.size(), record.layers * record.heads);
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

std::string table_header() {
  return fmt::format("{:>6} {:>5} {:>12} {:>12} {:>7} {:>9}  {:8} {:>6} {:>5}  {}\n", "layer",
                     "head", "score %", "margin", "rung", "guard", "decision", "wave", "rank",
                     "host");
}

std::string table_row(const DecisionRecord& d, const RunRecord& record) {
  const bool has_rung = !record.rungs.empty();
  return fmt::format(
      "{:>6} {:>5} {:>12.6f} {:>+12.6f} {:>7} {:>9}  {:8} {:>6} {:>5}  {}\n", d.layer, d.head,
      d.score_percent, d.margin, has_rung ? rung_of(d, record).name : "-",
      has_rung ? fmt::format("{:.2g}", d.guard) : "-", d.removed ? "removed" : "kept", d.wave,
      d.rank, record.hosts[static_cast<std::size_t>(d.host)]);
}

}  // namespace

std::string circuit_picture(const RunRecord& record) {
  std::map<std::pair<int, int>, char> marks;
  for (const DecisionRecord& decision : record.decisions)
    marks[{decision.layer, decision.head}] = decision.removed ? '.' : '#';
  std::string text = "layer  head";
  for (int head = 0; head < record.heads; ++head) text += fmt::format(" {:>2}", head);
  text += '\n';
  for (int layer = record.layers - 1; layer >= 0; --layer) {
    text += fmt::format("{:>5}      ", layer);
    for (int head = 0; head < record.heads; ++head) {
      const auto mark = marks.find({layer, head});
      text += fmt::format("  {}", mark == marks.end() ? '?' : mark->second);
    }
    text += '\n';
  }
  return text;
}

std::string summary(const RunRecord& record, double fragile_amount) {
  const auto kept = kept_heads(record).size();
  const int all = record.layers * record.heads;
  std::string text = fmt::format(
      "family {}, corruption {}, {} ablation, positions {}, order {}, threshold {} %\n",
      record.family, value_of(record.identity, "corruption", "?"),
      value_of(record.identity, "ablation", "?"), value_of(record.identity, "positions", "?"),
      value_of(record.identity, "order", "?"), record.threshold);
  text += fmt::format("full model: mean logit difference {:.4f} over {} prompts\n",
                      record.full_mean, record.full_per_prompt.size());
  text += status_line(record) + precision_line(record) + tie_line(record) +
          fragile_line(record, fragile_amount) + audit_line(record);
  text += fmt::format(
      "\n{}\n# kept   . removed{}\n", circuit_picture(record),
      record.decisions.size() < static_cast<std::size_t>(all) ? "   ? not decided" : "");
  text += fmt::format("circuit: {} of {} heads, score {:.2f} % of the full model\n", kept, all,
                      circuit_score_percent(record));
  return text + work_line(record);
}

std::string decision_table(const RunRecord& record) {
  std::string text = table_header();
  for (const DecisionRecord& decision : record.decisions) text += table_row(decision, record);
  return text;
}

std::string fragile_table(const RunRecord& record, double amount) {
  std::string text = table_header();
  for (const std::size_t i : fragile_decisions(record, amount))
    text += table_row(record.decisions[i], record);
  return text;
}

}  // namespace headsweep
