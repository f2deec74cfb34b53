#include "kernels/cuda/derived_weights.h"

namespace headsweep::cuda {

std::shared_ptr<DerivedWeight> DerivedWeights::find(const void* packed) {
  std::erase_if(known_, [](const auto& each) { return each.second.expired(); });
  std::weak_ptr<DerivedWeight>& known = known_[packed];
  std::shared_ptr<DerivedWeight> derived = known.lock();
  if (!derived) known = derived = std::make_shared<DerivedWeight>();
  return derived;
}

}  // namespace headsweep::cuda
