// Sums over the threads of a warp or a block, in an order that is always the same: a tree over the
// lanes, then the warps one after the other. Every thread gets the sum.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda/packs.cuh"

namespace headsweep::cuda {

inline constexpr unsigned whole_warp = 0xffffffffU;

__device__ __forceinline__ float sum_of_pack(const Pack<float>& pack) {
  return (pack.at[0] + pack.at[1]) + (pack.at[2] + pack.at[3]);
}
__device__ __forceinline__ double sum_of_pack(const Pack<double>& pack) {
  return pack.at[0] + pack.at[1];
}

/// Over `lanes` neighbours, a power of two.
template <int lanes, class T>
__device__ __forceinline__ T sum_of_lanes(T value) {
  for (int distance = lanes / 2; distance > 0; distance /= 2)
    value += __shfl_xor_sync(whole_warp, value, distance);
  return value;
}

/// Over a block of `threads`; `sums` is shared memory for a number of every warp, used for nothing
/// else.
template <int threads, class T>
__device__ __forceinline__ T sum_of_block(T value, T* sums) {
  constexpr int warps = threads / 32;
  value = sum_of_lanes<32>(value);
  if constexpr (warps > 1) {
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = value;
    __syncthreads();
    value = sums[0];
    for (int warp = 1; warp < warps; ++warp) value += sums[warp];
  }
  return value;
}

}  // namespace headsweep::cuda
