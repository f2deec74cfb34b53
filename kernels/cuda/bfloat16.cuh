// float32 numbers as one or two bfloat16 numbers, in kernels.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/cuda/number_forms.h"
#include "kernels/cuda/packs.cuh"

namespace headsweep::cuda {

/// The nearest, ties to even; NaN stays NaN.
__device__ __forceinline__ Bfloat16 nearest_bfloat16(float value) {
  const std::uint32_t bits = __float_as_uint(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return 0x7fff;
  return static_cast<Bfloat16>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

/// What bfloat16 leaves of `value`, exactly.
__device__ __forceinline__ float left_by(Bfloat16 high, float value) {
  return value - __uint_as_float(std::uint32_t{high} << 16);
}

struct alignas(8) Bfloat16Pack {
  Bfloat16 at[pack_size<float>];
};

/// Rows of bfloat16 without gaps between them; `low` nullptr: not wanted.
struct Bfloat16Rows {
  Bfloat16 *high = nullptr, *low = nullptr;
  std::int64_t columns = 0;
  Access access = Access::elements;
};

inline Bfloat16Rows bfloat16_rows(Bfloat16* high, Bfloat16* low, std::int64_t columns) {
  const auto aligned = [](const Bfloat16* data) {
    return reinterpret_cast<std::uintptr_t>(data) % sizeof(Bfloat16Pack) == 0;
  };
  const bool packs = columns % pack_size<float> == 0 && aligned(high) && aligned(low);
  return {high, low, columns, packs ? Access::packs : Access::elements};
}

/// `columns` of the pack's numbers, which may be none.
__device__ __forceinline__ void store(const Bfloat16Pack& pack, Bfloat16* to, std::int64_t columns,
                                      Access access) {
  if (access == Access::packs) {
    if (columns > 0) *reinterpret_cast<Bfloat16Pack*>(to) = pack;
  } else {
    for (int i = 0; i < pack_size<float>; ++i)
      if (i < columns) to[i] = pack.at[i];
  }
}

__device__ __forceinline__ void store(const Pack<float>& pack, Bfloat16Rows to, std::int64_t row,
                                      std::int64_t first) {
  Bfloat16Pack high, low;
  for (int i = 0; i < pack_size<float>; ++i) {
    high.at[i] = nearest_bfloat16(pack.at[i]);
    low.at[i] = nearest_bfloat16(left_by(high.at[i], pack.at[i]));
  }
  const std::int64_t place = row * to.columns + first;
  store(high, to.high + place, to.columns - first, to.access);
  if (to.low != nullptr) store(low, to.low + place, to.columns - first, to.access);
}

}  // namespace headsweep::cuda
