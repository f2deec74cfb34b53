#include "model/circuit.h"

#include <algorithm>
#include <cassert>

namespace headsweep {

Circuit::Circuit(int layers, int heads, Start start, int positions)
    : layers_(layers), heads_(heads), positions_(positions) {
  kept_.assign(index(layers, 0, 0), start == Start::everything);
}

std::vector<bool> Circuit::prefix(int layer) const {
  return {kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(index(layer, 0, 0))};
}

int Circuit::first_difference(const Circuit& other) const {
  assert(kept_.size() == other.kept_.size());
  const auto at = std::mismatch(kept_.begin(), kept_.end(), other.kept_.begin()).first - kept_.begin();
  return static_cast<int>(at / (heads_ * positions_));
}

int Circuit::first_reduced_layer() const {
  const auto at = std::find(kept_.begin(), kept_.end(), false) - kept_.begin();
  return static_cast<int>(at / (heads_ * positions_));
}

}  // namespace headsweep
