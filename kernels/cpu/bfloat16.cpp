#include "kernels/cpu/bfloat16.h"

#include <bit>

namespace headsweep::cpu {
namespace {

[[gnu::always_inline]] inline Bfloat16 rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<Bfloat16>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

[[gnu::always_inline]] inline float widened(Bfloat16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

}  // namespace

HEADSWEEP_VECTORIZED
void to_bfloat16(const float* in, std::int64_t count, Bfloat16* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = rounded(in[i]);
}

HEADSWEEP_VECTORIZED
void split_bfloat16(const float* in, std::int64_t count, Bfloat16* high, Bfloat16* low) {
  for (std::int64_t i = 0; i < count; ++i) {
    high[i] = rounded(in[i]);
    low[i] = rounded(in[i] - widened(high[i]));
  }
}

}  // namespace headsweep::cpu
