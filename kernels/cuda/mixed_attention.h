// Attention over sequences of any lengths: short ones by the own kernel (attention.h), long ones by
// cuBLASLt and cuDNN (long_attention.h).
#pragma once

#include <memory>

#include "kernels/backend.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/long_attention.h"

namespace headsweep::cuda {

/// From how many rows on a sequence is long. Reckoned for an H100, not measured
/// (tests/bench/roofline.py; `headsweep bench model` measures it): the two ways draw level near 350
/// rows in float32 and near 200 in float64; at 512 the libraries need 13 % and 40 % less. What the
/// reckoning assumes is uncertain by about as much, and for short sequences the own kernel is the
/// better by far: hence the longer one.
inline constexpr int long_rows = 512;

class MixedAttention {
 public:
  /// Which way a sequence goes is decided by its length alone: its numbers never depend on others.
  MixedAttention(std::shared_ptr<Device> device, Element element, int long_from = cuda::long_rows);

  /// See Backend::attention().
  void add(const SequenceRows& sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
           const HeadFill& fill, Matrix z);

 private:
  /// Returns how many were long.
  int add_long(const SequenceRows& sequences, int heads, Queries queries, Matrix q, Matrix k,
               Matrix v, Matrix z);

  std::shared_ptr<Device> device_;
  Element element_;
  int long_from_;
  LongAttention attention_;
};

}  // namespace headsweep::cuda
