#include "model/circuit.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace headsweep {

Circuit::Circuit(int layers, int heads, Start start, int positions)
    : layers_(layers), heads_(heads), positions_(positions) {
  kept_.assign(index(layers, 0, 0), start == Start::everything);
}

Circuit::Circuit(int layers, int heads, int positions, std::vector<bool> kept)
    : layers_(layers), heads_(heads), positions_(positions), kept_(std::move(kept)) {
  assert(kept_.size() == index(layers, 0, 0));
}

Circuit Circuit::prefix(int layer) const {
  Circuit below;
  below.layers_ = layer;
  below.heads_ = heads_;
  below.positions_ = positions_;
  below.kept_.assign(kept_.begin(),
                     kept_.begin() + static_cast<std::ptrdiff_t>(index(layer, 0, 0)));
  return below;
}

int Circuit::first_difference(const Circuit& other) const {
  assert(layers_ == other.layers_ && heads_ == other.heads_ && positions_ == other.positions_);
  const auto at =
      std::mismatch(kept_.begin(), kept_.end(), other.kept_.begin()).first - kept_.begin();
  return static_cast<int>(at / (heads_ * positions_));
}

int Circuit::first_reduced_layer() const {
  const auto at = std::find(kept_.begin(), kept_.end(), false) - kept_.begin();
  return static_cast<int>(at / (heads_ * positions_));
}

}  // namespace headsweep
