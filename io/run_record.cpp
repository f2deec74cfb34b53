#include "io/run_record.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

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

bool includes(const NamedValues& values, const NamedValues& wanted) {
  return std::ranges::all_of(
      wanted, [&](const auto& pair) { return value_of(values, pair.first, "") == pair.second; });
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
    case RunStatus::spoilt:
      return "spoilt";
  }
  assert(false);
  return "";
}

bool is_over(RunStatus status) {
  return status == RunStatus::complete || status == RunStatus::contradicted;
}

std::vector<HeadList> kept_heads_by_position(const RunRecord& record) {
  const auto heads = static_cast<std::size_t>(record.heads);
  const auto place = [&](int layer, int head) {
    return static_cast<std::size_t>(layer) * heads + static_cast<std::size_t>(head);
  };
  std::vector<std::vector<bool>> removed(
      record.granularity == Granularity::position ? record.position_names.size() : 1,
      std::vector<bool>(place(record.layers, 0)));
  for (const DecisionRecord& decision : record.decisions) {
    assert(decision.layer >= 0 && decision.layer < record.layers && decision.head < record.heads);
    if (!decision.removed || decision.is_mlp()) continue;
    const int position = decision.position == every_position ? 0 : decision.position;
    removed[static_cast<std::size_t>(position)][place(decision.layer, decision.head)] = true;
  }
  std::vector<HeadList> kept;
  for (const auto& removed_here : removed) {
    HeadList& list = kept.emplace_back();
    for (int layer = 0; layer < record.layers; ++layer)
      for (int head = 0; head < record.heads; ++head)
        if (!removed_here[place(layer, head)]) list.emplace_back(layer, head);
  }
  return kept;
}

HeadList kept_heads(const RunRecord& record) {
  HeadList all;
  for (const HeadList& kept : kept_heads_by_position(record))
    all.insert(all.end(), kept.begin(), kept.end());
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::vector<int> kept_mlps(const RunRecord& record) {
  std::vector<int> kept(static_cast<std::size_t>(record.layers));
  std::iota(kept.begin(), kept.end(), 0);
  for (const DecisionRecord& decision : record.decisions)
    if (decision.removed && decision.is_mlp()) std::erase(kept, decision.layer);
  return kept;
}

std::string component_text(const DecisionRecord& decision, const RunRecord& record) {
  if (decision.is_mlp()) return fmt::format("the MLP of layer {}", decision.layer);
  const std::string head = fmt::format("head {} of layer {}", decision.head, decision.layer);
  if (decision.position == every_position) return head;
  const auto position = static_cast<std::size_t>(decision.position);
  return fmt::format("{} at {}", head, record.position_names[position]);
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
