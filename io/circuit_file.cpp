#include "io/circuit_file.h"

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "io/yaml_document.h"

namespace headsweep {
namespace {

constexpr std::size_t most_circuit_bytes = std::size_t{16} << 20;

HeadList read_heads(const YamlNode& list) {
  constexpr int highest = std::numeric_limits<int>::max();
  HeadList heads;
  std::set<HeadList::value_type> seen;
  for (const YamlNode& item : list.items()) {
    const auto pair = item.items();
    if (pair.size() != 2)
      item.fail(fmt::format("must be a head, [layer, head], but is a list of {}", pair.size()));
    const HeadList::value_type head = {pair[0].integer(0, highest), pair[1].integer(0, highest)};
    if (!seen.insert(head).second)
      item.fail(fmt::format("head [{}, {}] is there already; remove one", head.first, head.second));
    heads.push_back(head);
  }
  return heads;
}

std::vector<int> read_mlps(const YamlNode& list) {
  std::vector<int> layers;
  for (const YamlNode& item : list.items()) {
    const int layer = item.integer(0, std::numeric_limits<int>::max());
    if (std::ranges::find(layers, layer) != layers.end())
      item.fail(fmt::format("the MLP of layer {} is there already; remove one", layer));
    layers.push_back(layer);
  }
  return layers;
}

}  // namespace

CircuitFile read_circuit(const std::filesystem::path& path) {
  const YamlDocument document(path, "the circuit file", most_circuit_bytes);
  const YamlNode root = document.root();
  root.allow_keys({"heads", "positions", "mlps"});
  const auto heads = root.find("heads");
  const auto positions = root.find("positions");
  if (heads && positions)
    positions->fail("stands beside 'heads' (a circuit has one of them) remove one");
  const auto mlps = root.find("mlps");
  if (!heads && !positions && !mlps)
    root.fail("holds no circuit; write {\"heads\": [[layer, head], ...]}, or 'positions'");

  CircuitFile circuit;
  if (mlps) circuit.mlps = read_mlps(*mlps);
  circuit.heads_given = heads || positions;
  circuit.per_position = positions.has_value();
  if (heads) circuit.heads = read_heads(*heads);
  if (positions)
    for (const YamlNode& list : positions->entries())
      circuit.positions.emplace_back(list.key(), read_heads(list));
  return circuit;
}

}  // namespace headsweep
