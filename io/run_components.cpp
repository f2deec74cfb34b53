#include "io/run_components.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace headsweep {

RunComponent run_component_of(const DecisionRecord& decision) {
  return {decision.layer, decision.head, decision.position};
}

std::string label_of(RunComponent component, const RunRecord& record) {
  if (component.is_mlp()) return fmt::format("mlp {}", component.layer);
  const std::string head = fmt::format("{}.{}", component.layer, component.head);
  if (component.position == RunComponent::every_position) return head;
  return fmt::format("{} at {}", head,
                     record.position_names.at(static_cast<std::size_t>(component.position)));
}

bool tries_heads(const RunRecord& record) { return heads_take_part(record.components); }

bool tries_mlps(const RunRecord& record) { return mlps_take_part(record.components); }

bool tries_positions(const RunRecord& record) {
  return record.granularity == Granularity::position;
}

std::vector<RunComponent> all_components(const RunRecord& record) {
  constexpr int every = RunComponent::every_position;
  const int first = tries_positions(record) ? 0 : every;
  const int end = tries_positions(record) ? static_cast<int>(record.position_names.size()) : 0;
  std::vector<RunComponent> all;
  for (int layer = 0; layer < record.layers; ++layer) {
    if (tries_mlps(record)) all.push_back({layer, RunComponent::mlp, every});
    for (int head = 0; tries_heads(record) && head < record.heads; ++head)
      for (int position = first; position < end; ++position) all.push_back({layer, head, position});
  }
  return all;
}

int components_of(const RunRecord& record) {
  return static_cast<int>(all_components(record).size());
}

std::vector<RunComponent> kept_components(const RunRecord& record) {
  std::set<RunComponent> removed;
  for (const DecisionRecord& decision : record.decisions)
    if (decision.removed) removed.insert(run_component_of(decision));
  std::vector<RunComponent> kept = all_components(record);
  std::erase_if(kept, [&](RunComponent component) { return removed.contains(component); });
  return kept;
}

std::map<RunComponent, double> losses(const RunRecord& record) {
  std::map<RunComponent, double> last;
  for (const DecisionRecord& decision : record.decisions)
    last[run_component_of(decision)] = std::max(0.0, 100 - decision.score_percent);
  return last;
}

std::vector<RunComponent> without_positions(std::vector<RunComponent> components) {
  for (RunComponent& each : components) each.position = RunComponent::every_position;
  components.erase(std::unique(components.begin(), components.end()), components.end());
  return components;
}

}  // namespace headsweep
