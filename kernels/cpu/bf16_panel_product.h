// Own matrix product of bfloat16 numbers for AVX512-BF16, in the manner of panel_product.h.
//
// The inputs go in pairs, as the instruction takes them: a panel is (pairs, 32) of two bfloat16
// each, an odd last input is filled up with zeros. Every element of the result is one chain of
// float32 sums over the pairs in order, so that a row's bits do not depend on the other rows.
#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "kernels/cpu/panels.h"

namespace headsweep::cpu {

/// Whether this processor can run what is below.
bool bf16_panels_usable();

/// Two bfloat16 numbers, the first in the low half.
using Bf16Pair = std::uint32_t;

inline std::int64_t bf16_panel_pairs(std::int64_t inputs, std::int64_t outputs) {
  return panel_count(outputs) * ((inputs + 1) / 2) * panel_columns;
}

/// `high`: the weight rounded to bfloat16, in panels, aligned to 64 bytes; `low`: what that left
/// out, likewise. bf16_panel_pairs() each.
void pack_bf16_panels(const float* weight, std::int64_t inputs, std::int64_t outputs,
                      Bf16Pair* high, Bf16Pair* low);

struct Bf16PanelWeight {
  const Bf16Pair* high;
  const Bf16Pair* low;  // null: the product is that of the high parts alone
  const float* bias;    // (panel_count * panel_columns), zeros at the end
  std::int64_t inputs, outputs;
};

/// Rows in bfloat16: of each pair its high part, then, if the rows are split, its low one.
struct Bf16Rows {
  Bf16Pair* data;
  std::int64_t rows, stride;  // stride: in pairs, at least bf16_row_pairs()
};

enum class Bf16Parts { high = 1, high_and_low = 2 };

/// What a row takes.
inline std::int64_t bf16_row_pairs(std::int64_t inputs, Bf16Parts parts) {
  return (inputs + 15) / 16 * 8 * static_cast<std::int64_t>(parts);
}

/// A row of float32 numbers to bfloat16.
void split_row(const float* in, std::int64_t inputs, Bf16Parts parts, Bf16Pair* out);

/// The columns of panels first .. end - 1 of `out` (rows, outputs). `in` has the low parts where
/// the weight has them: then the product is high * high + high * low + low * high.
void multiply_bf16_panels(Bf16Rows in, const Bf16PanelWeight& weight, Epilogue epilogue,
                          std::int64_t first, std::int64_t end, float* out,
                          std::int64_t out_stride);

}  // namespace headsweep::cpu
