// What CircuitForward settles before the first operation of a wave: where its circuits are taken
// up, what is remembered of them, and who attends together.
#include <algorithm>
#include <optional>
#include <tuple>

#include "model/circuit_forward.h"
#include "model/neighbours.h"

namespace headsweep {

/// The deepest layer before which the circuit's residual stream is remembered.
void CircuitForward::find_start(Slot& slot) {
  slot.source = embedding_;
  for (int layer = slot.circuit->layers() - 1; layer > 0; --layer)
    if (const Numbers* found = prefixes_.find(slot.circuit->prefix(layer))) {
      slot.start = layer;
      slot.source = *found;
      return;
    }
}

/// The residual stream is remembered where the circuit parts from the one before it: the next is
/// likely to part there, too. That of the first circuit of its kind is remembered everywhere, for a
/// search that goes down from the last layer.
void CircuitForward::choose_prefixes(Slot& slot) {
  const Circuit& circuit = *slot.circuit;
  const bool first = previous_.layers() == 0 || previous_.positions() != circuit.positions();
  const int parting = first ? 0 : previous_.first_difference(circuit);
  const int end = first ? std::min(slot.turning_layer() + 1, circuit.layers()) : parting + 1;
  // Where not all of a first circuit's can be remembered, the deepest are wanted first.
  const std::int64_t size = rows_ * model_.config().d_model,
                     bytes = size * bytes_of(backend_.element());
  const auto most = static_cast<int>(std::clamp<std::int64_t>(limits_.prefixes / bytes, 1, end));
  const int begin = std::max(first ? end - most : parting, 1);
  for (int layer = std::max(begin, slot.start); layer < end; ++layer) {
    if (layer > slot.turning_layer() || layer >= circuit.layers()) return;
    auto prefix = circuit.prefix(layer);
    if (prefixes_.find(prefix) != nullptr) continue;
    // What this wave still needs stays.
    if (const Numbers* old = prefixes_.leaving(bytes); old && old->owner.use_count() > 1) continue;
    Numbers copy = prefixes_.make_room(bytes).value_or(Numbers());
    if (copy.owner == nullptr) copy = allocate_numbers(backend_, size);
    prefixes_.put(std::move(prefix), copy, copy.bytes());
    slot.remembers.emplace_back(layer, copy);
  }
}

/// For each layer, who attends together; the masks of all of them are on the device then.
std::vector<CircuitForward::Groups> CircuitForward::form_groups(Slots slots) {
  std::vector<Groups> layers;
  std::vector<std::uint8_t> masks;
  for (int layer = 0; layer < model_.config().layers; ++layer) {
    Groups& groups = layers.emplace_back(groups_of_layer(slots, layer));
    for (Group& group : groups) {
      const auto replaces = [&](const Slot& slot) { return slot.layer(layer).replaces; };
      if (std::none_of(group.slots.begin(), group.slots.end(), replaces)) continue;
      group.keep = masks_.data() + masks.size();
      for (const Slot& slot : group.slots) {
        const auto mask = keep_mask(*slot.circuit, layer, slot.layer(layer).heads,
                                    rows_of(slot, layer).rows, *part_.kept);
        masks.insert(masks.end(), mask.begin(), mask.end());
      }
    }
  }
  if (!masks.empty()) backend_.copy_to_device(std::as_bytes(std::span(masks)), masks_.data());
  return layers;
}

CircuitForward::Groups CircuitForward::groups_of_layer(Slots slots, int layer) {
  using Alike = std::tuple<bool, HeadForm, std::vector<int>, Circuit>;
  const auto alike = [&](const Slot& slot) -> std::optional<Alike> {
    if (layer < slot.start) return std::nullopt;
    const LayerPlan& plan = slot.layer(layer);
    if (plan.form == HeadForm::packed)
      return Alike(slot.last_only(layer), plan.form, plan.heads, Circuit());
    return Alike(slot.last_only(layer), plan.form, {}, prefix_of(slot, layer));
  };
  Groups groups;
  for (const Slots run : runs_of_neighbours(slots, alike))
    groups.push_back({run, run.front().layer(layer).form == HeadForm::packed ? HeadSource::packed
                                                                             : HeadSource::shared});
  return with_own_heads(groups, layer);
}

/// Neighbours each of which would compute all heads for itself alone do so together.
CircuitForward::Groups CircuitForward::with_own_heads(const Groups& groups, int layer) {
  using LastOnly = std::optional<bool>;
  const auto alone = [&](const Group& group) -> LastOnly {
    const Slot& slot = group.slots.front();
    if (group.source != HeadSource::shared || group.slots.size() > 1 ||
        shared_heads_.find(prefix_of(slot, layer)) != nullptr)
      return std::nullopt;
    return slot.last_only(layer);
  };
  Groups result;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Slots slots = groups[i].slots;
    const LastOnly here = alone(groups[i]);
    const bool joins = i > 0 && here && alone(groups[i - 1]) == here &&
                       &slots.front() == &groups[i - 1].slots.back() + 1;
    if (!joins) {
      result.push_back(groups[i]);
      continue;
    }
    const Slots before = result.back().slots;
    result.back() = {{before.data(), before.size() + 1}, HeadSource::own};
  }
  return result;
}

}  // namespace headsweep
