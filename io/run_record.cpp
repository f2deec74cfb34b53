#include "io/run_record.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace headsweep {

WorkRecord& WorkRecord::operator+=(const WorkRecord& other) {
  waves += other.waves;
  evaluations += other.evaluations;
  discarded += other.discarded;
  compute_seconds += other.compute_seconds;
  communication_seconds += other.communication_seconds;
  waiting_seconds += other.waiting_seconds;
  return *this;
}

std::string value_of(const NamedValues& values, const std::string& name,
                     const std::string& otherwise) {
  for (const auto& [key, value] : values)
    if (key == name) return value;
  return otherwise;
}

const char* name_of(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::stopped:
      return "stopped";
    case RunStatus::complete:
      return "complete";
    case RunStatus::contradicted:
      return "contradicted";
  }
  assert(false);
  return "";
}

bool is_over(RunStatus status) {
  return status == RunStatus::complete || status == RunStatus::contradicted;
}

std::vector<std::pair<int, int>> kept_heads(const RunRecord& record) {
  const auto heads = static_cast<std::size_t>(record.heads);
  std::vector<bool> removed(static_cast<std::size_t>(record.layers) * heads);
  for (const DecisionRecord& decision : record.decisions) {
    assert(decision.layer >= 0 && decision.layer < record.layers);
    assert(decision.head >= 0 && decision.head < record.heads);
    if (decision.removed)
      removed[static_cast<std::size_t>(decision.layer) * heads +
              static_cast<std::size_t>(decision.head)] = true;
  }
  std::vector<std::pair<int, int>> kept;
  for (int layer = 0; layer < record.layers; ++layer)
    for (int head = 0; head < record.heads; ++head)
      if (!removed[static_cast<std::size_t>(layer) * heads + static_cast<std::size_t>(head)])
        kept.emplace_back(layer, head);
  return kept;
}

double circuit_score_percent(const RunRecord& record) {
  const auto& decisions = record.decisions;
  const auto last =
      std::ranges::find(decisions.rbegin(), decisions.rend(), true, &DecisionRecord::removed);
  if (last == decisions.rend()) return 100;
  const auto number = static_cast<int>(decisions.rend() - last) - 1;
  const auto audited = std::ranges::find(record.audit, number, &AuditRecord::decision);
  return audited == record.audit.end() ? last->score_percent : audited->score_percent;
}

std::vector<std::size_t> fragile_decisions(const RunRecord& record, double amount) {
  const auto distance = [&](std::size_t i) { return std::abs(record.decisions[i].margin); };
  std::vector<std::size_t> fragile;
  for (std::size_t i = 0; i < record.decisions.size(); ++i)
    if (distance(i) < amount) fragile.push_back(i);
  std::ranges::stable_sort(fragile, {}, distance);
  return fragile;
}

}  // namespace headsweep
