#include "model/circuit.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace headsweep {

Circuit::Circuit(int layers, int heads, Start start, int positions, Components components)
    : layers_(layers), heads_(heads), positions_(positions), components_(components) {
  kept_.assign(begin_of(layers), start == Start::everything);
  if (start == Start::everything || heads_take_part(components)) return;
  for (int layer = 0; layer < layers; ++layer)
    for (int head = 0; head < heads; ++head) keep({layer, head});
}

Circuit::Circuit(int layers, int heads, int positions, Components components,
                 std::vector<bool> kept)
    : layers_(layers),
      heads_(heads),
      positions_(positions),
      components_(components),
      kept_(std::move(kept)) {
  assert(kept_.size() == begin_of(layers));
}

bool Circuit::keeps(const Component& component) const {
  const auto& [layer, head, kind, position] = component;
  if (kind == Component::Kind::mlp) return keeps_mlp(layer);
  if (position != Component::every_position) return keeps(layer, head, position);
  for (int p = 0; p < positions_; ++p)
    if (keeps(layer, head, p)) return true;
  return false;
}

void Circuit::set(const Component& component, bool kept) {
  const auto& [layer, head, kind, position] = component;
  if (kind == Component::Kind::mlp) {
    assert(mlps_take_part(components_));
    kept_[index_of_mlp(layer)] = kept;
  } else if (position != Component::every_position) {
    kept_[index(layer, head, position)] = kept;
  } else {
    for (int p = 0; p < positions_; ++p) kept_[index(layer, head, p)] = kept;
  }
}

Circuit Circuit::of_heads() const {
  Circuit result(layers_, heads_, Start::nothing, positions_);
  for (int layer = 0; layer < layers_; ++layer)
    std::copy_n(kept_.begin() + static_cast<std::ptrdiff_t>(begin_of(layer)), heads_ * positions_,
                result.kept_.begin() + static_cast<std::ptrdiff_t>(result.begin_of(layer)));
  return result;
}

Circuit Circuit::prefix(int layer) const {
  Circuit below;
  below.layers_ = layer;
  below.heads_ = heads_;
  below.positions_ = positions_;
  below.components_ = components_;
  below.kept_.assign(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(begin_of(layer)));
  return below;
}

int Circuit::first_difference(const Circuit& other) const {
  assert(layers_ == other.layers_ && heads_ == other.heads_ && positions_ == other.positions_ &&
         components_ == other.components_);
  const auto at =
      std::mismatch(kept_.begin(), kept_.end(), other.kept_.begin()).first - kept_.begin();
  return static_cast<int>(at / static_cast<std::ptrdiff_t>(layer_size()));
}

int Circuit::first_reduced_layer() const {
  for (int layer = 0; layer < layers_; ++layer) {
    const auto begin = kept_.begin() + static_cast<std::ptrdiff_t>(begin_of(layer));
    const auto end = begin + heads_ * positions_;
    if (std::find(begin, end, false) != end) return layer;
  }
  return layers_;
}

}  // namespace headsweep
