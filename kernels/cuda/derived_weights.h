// What rungs multiply that is not the packed weight itself: made on the device when a rung first
// wants it, and shared by all that have the same packed weight.
#pragma once

#include <map>
#include <memory>

namespace headsweep::cuda {

struct DerivedWeight {
  std::shared_ptr<void> high;  // bfloat16 (inputs, outputs)
  std::shared_ptr<void> low;   // bfloat16 (inputs, outputs), of what `high` leaves
  std::shared_ptr<void> bias;  // float32 (outputs)
};

class DerivedWeights {
 public:
  /// Shared with all weights at the same place that are alive.
  std::shared_ptr<DerivedWeight> find(const void* packed);

 private:
  std::map<const void*, std::weak_ptr<DerivedWeight>> known_;
};

}  // namespace headsweep::cuda
