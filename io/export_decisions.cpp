#include <algorithm>

#include <fmt/format.h>

#include "io/export.h"
#include "io/run_components.h"

namespace headsweep {
namespace {

/// In quotes where it needs them.
std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

/// The score in fp64, where the decision was audited.
std::string audited_score(const RunRecord& record, std::size_t decision) {
  const auto audit =
      std::ranges::find(record.audit, static_cast<int>(decision), &AuditRecord::decision);
  return audit == record.audit.end() ? "" : fmt::format("{}", audit->score_percent);
}

/// Empty: every one.
std::string position_name(RunComponent component, const RunRecord& record) {
  if (component.position == RunComponent::every_position) return "";
  return record.position_names.at(static_cast<std::size_t>(component.position));
}

std::string csv_line(const FoundRun& run, std::size_t number) {
  const RunRecord& record = *run.record;
  const DecisionRecord& decision = record.decisions[number];
  const RunComponent tried = run_component_of(decision);
  const std::string rung =
      record.rungs.empty() ? "" : record.rungs[static_cast<std::size_t>(decision.rung)].name;
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_text(run.name),
                     csv_text(run.family), csv_text(run.corruption), run.threshold, number + 1,
                     tried.is_mlp() ? "mlp" : "head", tried.layer,
                     tried.is_mlp() ? "" : std::to_string(tried.head),
                     csv_text(position_name(tried, record)), decision.score_percent,
                     decision.margin, decision.removed ? 1 : 0, csv_text(rung), decision.guard,
                     decision.tie ? 1 : 0, audited_score(record, number), decision.seconds);
}

}  // namespace

std::string decisions_csv(const std::vector<FoundRun>& runs) {
  std::string text =
      "run,family,corruption,threshold,decision,component,layer,head,position,score_percent,margin,"
      "removed,"
      "rung,guard,tie,audit_score_percent,seconds\n";
  for (const FoundRun& run : runs)
    for (std::size_t i = 0; run.record && i < run.record->decisions.size(); ++i)
      text += csv_line(run, i);
  return text;
}

}  // namespace headsweep
