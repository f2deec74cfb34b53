#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "io/errors.h"
#include "io/export.h"
#include "io/run_components.h"

namespace headsweep {
namespace {

using Json = nlohmann::ordered_json;

/// A string literal of JSON, Python and (for names without line ends) Graphviz.
std::string literal(const std::string& text) {
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

/// "24 layers, 16 heads, d_model 1024, ...": run files have no other place for the model's shape.
std::string shape_of_model(const FoundRun& run) {
  return value_of(run.record->identity, "model_config", "");
}

int width_of_model(const FoundRun& run) {
  const std::string shape = shape_of_model(run);
  const std::string key = "d_model ";
  const auto place = shape.find(key);
  const int width = place == std::string::npos ? 0 : std::atoi(shape.c_str() + place + key.size());
  if (width > 0) return width;
  throw UserError(fmt::format(
      "{}: the run does not say how wide the model is (identity/model_config), which a graph of "
      "MIB needs: run the job again, or export it as json",
      run.file.string()));
}

/// What a head or an MLP was worth: MIB may rank by absolute values, and a loss is never negative.
/// Of a head that was tried at several positions: the most.
std::map<RunComponent, double> node_scores(const RunRecord& record) {
  std::map<RunComponent, double> most;
  for (const auto& [component, loss] : losses(record)) {
    double& node = most[{component.layer, component.head}];
    node = std::max(node, loss);
  }
  return most;
}

Json pairs_of(const std::vector<RunComponent>& components, int position) {
  Json heads = Json::array();
  for (const RunComponent each : components)
    if (!each.is_mlp() && each.position == position)
      heads.push_back(Json::array({each.layer, each.head}));
  return heads;
}

}  // namespace

std::string circuit_json(const RunRecord& record) {
  const std::vector<RunComponent> kept = kept_components(record);
  Json circuit = Json::object();
  if (tries_positions(record)) {
    circuit["positions"] = Json::object();
    for (std::size_t i = 0; i < record.position_names.size(); ++i)
      circuit["positions"][record.position_names[i]] = pairs_of(kept, static_cast<int>(i));
  } else if (tries_heads(record)) {
    circuit["heads"] = pairs_of(kept, RunComponent::every_position);
  }
  if (tries_mlps(record)) {
    circuit["mlps"] = Json::array();
    for (const RunComponent each : kept)
      if (each.is_mlp()) circuit["mlps"].push_back(each.layer);
  }
  return circuit.dump() + '\n';
}

std::string arena_dictionary(const std::vector<FoundRun>& runs) {
  std::string text = "{\n";
  for (const FoundRun& run : runs) {
    std::vector<std::string> heads;
    for (const RunComponent kept : without_positions(kept_components(*run.record)))
      if (!kept.is_mlp()) heads.push_back(fmt::format("({}, {})", kept.layer, kept.head));
    text += fmt::format("    {}: [{}],\n", literal(run.name), fmt::join(heads, ", "));
  }
  return text + "}\n";
}

std::string mib_graph(const FoundRun& run) {
  const RunRecord& record = *run.record;
  const auto scores = node_scores(record);
  const auto kept = without_positions(kept_components(record));
  const auto node = [&](RunComponent component) {
    const auto score = scores.find(component);
    // Without a score it was never tried, and a reader keeps it, as the search did.
    if (score == scores.end()) return Json{{"in_graph", true}};
    const bool is_kept = std::ranges::binary_search(kept, component);
    return Json{{"in_graph", is_kept}, {"score", score->second}};
  };
  Json nodes = {{"input", {{"in_graph", true}}}};
  for (int layer = 0; layer < record.layers; ++layer) {
    for (int head = 0; head < record.heads; ++head)
      nodes[fmt::format("a{}.h{}", layer, head)] = node({layer, head});
    nodes[fmt::format("m{}", layer)] = node({layer, RunComponent::mlp});
  }
  nodes["logits"] = {{"in_graph", true}};
  const Json graph = {{"cfg",
                       {{"n_layers", record.layers},
                        {"n_heads", record.heads},
                        {"parallel_attn_mlp", shape_of_model(run).ends_with(", parallel")},
                        {"d_model", width_of_model(run)}}},
                      {"nodes", std::move(nodes)},
                      {"edges", Json::object()}};
  return graph.dump() + '\n';
}

std::string circuit_dot(const FoundRun& run) {
  std::map<int, std::vector<RunComponent>> by_layer;
  for (const RunComponent kept : without_positions(kept_components(*run.record)))
    by_layer[kept.layer].push_back(kept);
  std::string text = fmt::format(
      "digraph {} {{\n  rankdir=BT;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [arrowhead=none, color=gray];\n",
      literal(run.name));
  std::string below;
  for (const auto& [layer, components] : by_layer) {
    text += fmt::format("  {{ rank=same; \"layer {}\" [shape=plaintext];", layer);
    for (const RunComponent component : components)
      text += fmt::format(" \"{}\";", label_of(component, *run.record));
    text += " }\n";
    const std::string here = fmt::format("\"layer {}\"", layer);
    if (!below.empty()) text += fmt::format("  {} -> {};\n", below, here);
    below = here;
  }
  return text + "}\n";
}

}  // namespace headsweep
