#include "io/run_components.h"

#include <fmt/format.h>

namespace headsweep {

std::string label_of(RunComponent component) {
  return component.is_mlp() ? fmt::format("mlp {}", component.layer)
                            : fmt::format("{}.{}", component.layer, component.head);
}

RunComponent component_of(const DecisionRecord& decision) {
  return {decision.layer, decision.head};
}

bool tries_mlps(const RunRecord& record) {
  return value_of(record.identity, "components", "heads").find("mlps") != std::string::npos;
}

int components_of(const RunRecord& record) {
  return record.layers * (record.heads + (tries_mlps(record) ? 1 : 0));
}

std::vector<RunComponent> kept_components(const RunRecord& record) {
  std::vector<RunComponent> kept;
  for (const auto& [layer, head] : kept_heads(record)) kept.push_back({layer, head});
  return kept;
}

}  // namespace headsweep
