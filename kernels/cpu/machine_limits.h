// What this processor and its memory can do at most, measured: what times of kernels are held
// against.
#pragma once

namespace headsweep::cpu {

/// Of `threads` together, a second.
struct MachineLimits {
  double float32_flops = 0;   // multiply-adds of numbers in registers count as two
  double bfloat16_flops = 0;  // of the vector units' dot products; 0: it has none
  double float64_flops = 0;
  double read_bytes = 0;  // from memory, far more than fits in the caches
};

/// `threads` 0: as many as the process may use. Takes about a second, and half a gigabyte.
MachineLimits measure_limits(int threads);

}  // namespace headsweep::cpu
