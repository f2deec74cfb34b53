// float32 numbers as one or two bfloat16 numbers, on every processor.
#pragma once

#include <cstdint>

namespace headsweep::cpu {

/// A bfloat16 number's bits: the upper half of a float32's.
using Bfloat16 = std::uint16_t;

/// Rounds to the nearest, ties to even. Numbers must be finite.
void to_bfloat16(const float* in, std::int64_t count, Bfloat16* out);

/// in = high + low, each rounded so.
void split_bfloat16(const float* in, std::int64_t count, Bfloat16* high, Bfloat16* low);

}  // namespace headsweep::cpu
