// Compiled for AVX512-BF16, with the precautions of panel_product.cpp.
#include "kernels/cpu/bf16_panel_product.h"

#include <immintrin.h>

#include "kernels/cpu/avx512_panels.h"
#include "kernels/cpu/processor.h"

namespace headsweep::cpu {
namespace {

constexpr std::int64_t row_block = 240;  // rows whose sums are kept at a time

/// How the work is cut, for bf16 (one part) and bf16x3 (two).
template <int parts>
struct Cut;
template <>
struct Cut<1> {
  static constexpr std::int64_t most_rows = 14;    // 28 sums, 2 weights and 1 input in registers
  static constexpr std::int64_t pair_block = 512;  // 64 KB of a panel stay in the second cache
};
template <>
struct Cut<2> {
  static constexpr std::int64_t most_rows = 12;  // 24 sums, 4 weights and 2 inputs
  static constexpr std::int64_t pair_block = 256;
};

/// A place in a panel's high parts, and the same in its low ones.
struct Place {
  const Bf16Pair* high;
  const Bf16Pair* low;

  void move(std::int64_t pairs) {
    high += pairs;
    low += pairs;
  }
};

/// What to bring near while multiplying: `step` lines of each part for every fourth pair.
struct Fetch {
  Place from;
  std::int64_t step;
};

__m512bh load_pairs(const Bf16Pair* from) {
  return reinterpret_cast<__m512bh>(_mm512_load_si512(from));
}

__m512bh broadcast_pair(Bf16Pair pair) {
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(pair)));
}

/// sums (rows, 32) += in (rows, 1 pair) times one pair of rows of a panel; rows are reached as in
/// panel_product.cpp.
template <int rows, int parts>
[[gnu::always_inline]] inline void multiply_pair(const Bf16Pair* const (&in)[4],
                                                 std::int64_t stride, std::int64_t i,
                                                 const Bf16Pair* high, const Bf16Pair* low,
                                                 __m512 (&sum)[rows][2]) {
  const __m512bh w0 = load_pairs(high), w1 = load_pairs(high + lanes);
  const __m512bh v0 = parts == 2 ? load_pairs(low) : w0,
                 v1 = parts == 2 ? load_pairs(low + lanes) : w1;
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    const Bf16Pair* const pair = in[r / 4] + r % 4 * stride + parts * i;
    const __m512bh x = broadcast_pair(pair[0]);
    if constexpr (parts == 2) {
      const __m512bh y = broadcast_pair(pair[1]);
      sum[r][0] = _mm512_dpbf16_ps(sum[r][0], y, w0);
      sum[r][1] = _mm512_dpbf16_ps(sum[r][1], y, w1);
      sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, v0);
      sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, v1);
    }
    sum[r][0] = _mm512_dpbf16_ps(sum[r][0], x, w0);
    sum[r][1] = _mm512_dpbf16_ps(sum[r][1], x, w1);
  }
}

template <int parts>
[[gnu::always_inline]] inline void fetch_lines(Fetch& fetch) {
  for (std::int64_t line = 0; line < fetch.step; ++line, fetch.from.move(lanes)) {
    _mm_prefetch(reinterpret_cast<const char*>(fetch.from.high), _MM_HINT_T1);
    if constexpr (parts == 2)
      _mm_prefetch(reinterpret_cast<const char*>(fetch.from.low), _MM_HINT_T1);
  }
}

/// sums (rows, 32) += in (rows, pairs) times panel (pairs, 32).
template <int rows, int parts>
void multiply_tile(const Bf16Pair* in, std::int64_t stride, Place panel, std::int64_t pairs,
                   Fetch fetch, float* sums) {
  __m512 sum[rows][2];
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    sum[r][0] = _mm512_load_ps(sums + r * panel_columns);
    sum[r][1] = _mm512_load_ps(sums + r * panel_columns + lanes);
  }
  const Bf16Pair* row[4] = {in, in + 4 * stride, in + 8 * stride, in + 12 * stride};
  std::int64_t i = 0;
  for (; i + 4 <= pairs; i += 4) {
    fetch_lines<parts>(fetch);
#pragma GCC unroll 4
    for (std::int64_t next = 0; next < 4; ++next)
      multiply_pair<rows, parts>(row, stride, next, panel.high + next * panel_columns,
                                 panel.low + next * panel_columns, sum);
    panel.move(4 * panel_columns);
#pragma GCC unroll 4
    for (auto& pointer : row) pointer += 4 * parts;
  }
  for (; i < pairs; ++i, panel.move(panel_columns)) {
    multiply_pair<rows, parts>(row, stride, 0, panel.high, panel.low, sum);
#pragma GCC unroll 4
    for (auto& pointer : row) pointer += parts;
  }
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    _mm512_store_ps(sums + r * panel_columns, sum[r][0]);
    _mm512_store_ps(sums + r * panel_columns + lanes, sum[r][1]);
  }
}

using Tile = void (*)(const Bf16Pair*, std::int64_t, Place, std::int64_t, Fetch, float*);
template <int parts>
constexpr Tile tiles[15] = {nullptr,
                            multiply_tile<1, parts>,
                            multiply_tile<2, parts>,
                            multiply_tile<3, parts>,
                            multiply_tile<4, parts>,
                            multiply_tile<5, parts>,
                            multiply_tile<6, parts>,
                            multiply_tile<7, parts>,
                            multiply_tile<8, parts>,
                            multiply_tile<9, parts>,
                            multiply_tile<10, parts>,
                            multiply_tile<11, parts>,
                            multiply_tile<12, parts>,
                            parts == 1 ? multiply_tile<13, 1> : nullptr,
                            parts == 1 ? multiply_tile<14, 1> : nullptr};

/// sums (rows, 32) = in times one panel.
template <int parts>
void multiply_panel(const Bf16Rows& in, std::int64_t pairs, Place panel, float* sums) {
  const Tiling tiling(in.rows, Cut<parts>::most_rows);
  for (std::int64_t first = 0; first < pairs; first += Cut<parts>::pair_block) {
    const std::int64_t count = smaller(Cut<parts>::pair_block, pairs - first);
    // Two lines of weights belong to each pair; the tiles share the work of fetching the next
    // block's.
    const std::int64_t lines_per_fourth_pair = (8 + tiling.count - 1) / tiling.count;
    Place next = panel;
    next.move(count * panel_columns);
    for (std::int64_t row = 0; row < in.rows; row += tiling.height) {
      const std::int64_t rows = smaller(tiling.height, in.rows - row);
      tiles<parts>[rows](in.data + row * in.stride + parts * first, in.stride, panel, count,
                         {next, lines_per_fourth_pair}, sums + row * panel_columns);
      next.move((count + 3) / 4 * lines_per_fourth_pair * lanes);
    }
    panel.move(count * panel_columns);
  }
}

/// Sixteen numbers to bfloat16 (nearest even).
__m256i rounded(__m512 values) { return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)); }

__m256i rest(__m512 values, __m256i high) {
  const __m512i bits = _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16);
  return rounded(_mm512_sub_ps(values, _mm512_castsi512_ps(bits)));
}

/// Sixteen columns of two rows of a weight, as pairs.
__m512i paired(__m256i first, __m256i second) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(first),
                         _mm512_slli_epi32(_mm512_cvtepu16_epi32(second), 16));
}

void pack_pairs(__m512 first, __m512 second, Bf16Pair* high, Bf16Pair* low) {
  const __m256i a = rounded(first), b = rounded(second);
  _mm512_store_si512(high, paired(a, b));
  _mm512_store_si512(low, paired(rest(first, a), rest(second, b)));
}

}  // namespace

bool bf16_panels_usable() { return has_avx512_bf16(); }

void pack_bf16_panels(const float* weight, std::int64_t inputs, std::int64_t outputs,
                      Bf16Pair* high, Bf16Pair* low) {
#pragma omp parallel for schedule(static)
  for (std::int64_t panel = 0; panel < panel_count(outputs); ++panel) {
    std::int64_t to = bf16_panel_pairs(inputs, panel * panel_columns);
    for (std::int64_t i = 0; i < inputs; i += 2)
      for (std::int64_t half = 0; half < panel_columns; half += lanes, to += lanes) {
        const std::int64_t column = panel * panel_columns + half;
        const __mmask16 mask = columns_left(outputs - column),
                        next_mask = i + 1 < inputs ? mask : __mmask16{0};
        const float* const from = weight + i * outputs + column;
        pack_pairs(_mm512_maskz_loadu_ps(mask, from),
                   _mm512_maskz_loadu_ps(next_mask, from + outputs), high + to, low + to);
      }
  }
}

void split_row(const float* in, std::int64_t inputs, Bf16Parts parts, Bf16Pair* out) {
  const __m512i in_turn = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
  for (std::int64_t i = 0; i < inputs; i += lanes) {
    const __m512 values = _mm512_maskz_loadu_ps(columns_left(inputs - i), in + i);
    const __m256i high = rounded(values);
    if (parts == Bf16Parts::high) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), high);
      out += 8;
    } else {
      const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(high), rest(values, high), 1);
      _mm512_storeu_si512(out, _mm512_permutexvar_epi32(in_turn, both));
      out += 16;
    }
  }
}

void multiply_bf16_panels(Bf16Rows in, const Bf16PanelWeight& weight, Epilogue epilogue,
                          std::int64_t first, std::int64_t end, float* out,
                          std::int64_t out_stride) {
  alignas(64) float sums[row_block * panel_columns];
  const std::int64_t pairs = (weight.inputs + 1) / 2;
  for (std::int64_t panel = first; panel < end; ++panel)
    for (std::int64_t row = 0; row < in.rows; row += row_block) {
      const Bf16Rows part{in.data + row * in.stride, smaller(row_block, in.rows - row), in.stride};
      const std::int64_t start = panel * pairs * panel_columns, column = panel * panel_columns;
      clear_sums(sums, part.rows);
      if (weight.low == nullptr) {
        multiply_panel<1>(part, pairs, {weight.high + start, weight.high + start}, sums);
      } else {
        multiply_panel<2>(part, pairs, {weight.high + start, weight.low + start}, sums);
      }
      finish_panel(sums, part.rows, weight.bias + column, epilogue, weight.outputs - column,
                   out + row * out_stride + column, out_stride);
    }
}

}  // namespace headsweep::cpu
