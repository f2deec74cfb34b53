// Compiled for AVX-512; nothing here may be called before panels_usable() has said yes, and nothing
// of the standard library's templates is instantiated, lest other files be linked to code that
// their processor cannot run.
#include "kernels/cpu/panel_product.h"

#include <immintrin.h>

namespace headsweep::cpu {
namespace {

constexpr int lanes = 16;               // floats in a vector; a panel is two
constexpr std::int64_t most_rows = 14;  // of a tile: 28 sums, 2 weights and 1 input in 32 registers
constexpr std::int64_t input_block =
    512;  // inputs multiplied at a time: 64 KB of a panel stay in the second cache
constexpr std::int64_t row_block = 14 * 16;  // rows whose sums are kept at a time

std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// What to bring near while multiplying: `step` lines for every fourth input.
struct Fetch {
  const float* from;
  std::int64_t step;
};

/// sums (rows, 32) += in (rows, 1) times one row (1, 32) of a panel. The rows are reached from
/// every fourth by multiples of the stride, so that all addresses stay in registers.
template <int rows>
[[gnu::always_inline]] inline void multiply_input(const float* const (&in)[4], std::int64_t stride,
                                                  std::int64_t i, const float* weights,
                                                  __m512 (&sum)[rows][2]) {
  const __m512 w0 = _mm512_load_ps(weights), w1 = _mm512_load_ps(weights + lanes);
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    const __m512 x = _mm512_set1_ps(in[r / 4][r % 4 * stride + i]);
    sum[r][0] = _mm512_fmadd_ps(x, w0, sum[r][0]);
    sum[r][1] = _mm512_fmadd_ps(x, w1, sum[r][1]);
  }
}

/// sums (rows, 32) += in (rows, inputs) times panel (inputs, 32).
template <int rows>
void multiply_tile(const float* in, std::int64_t stride, const float* panel, std::int64_t inputs,
                   Fetch fetch, float* sums) {
  __m512 sum[rows][2];
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    sum[r][0] = _mm512_load_ps(sums + r * panel_columns);
    sum[r][1] = _mm512_load_ps(sums + r * panel_columns + lanes);
  }
  const float* row[4] = {in, in + 4 * stride, in + 8 * stride, in + 12 * stride};
  std::int64_t i = 0;
  for (; i + 4 <= inputs; i += 4) {
    for (std::int64_t line = 0; line < fetch.step; ++line, fetch.from += lanes)
      _mm_prefetch(reinterpret_cast<const char*>(fetch.from), _MM_HINT_T1);
#pragma GCC unroll 4
    for (std::int64_t next = 0; next < 4; ++next)
      multiply_input<rows>(row, stride, next, panel + next * panel_columns, sum);
    panel += 4 * panel_columns;
#pragma GCC unroll 4
    for (auto& pointer : row) pointer += 4;
  }
  for (; i < inputs; ++i, panel += panel_columns) {
    multiply_input<rows>(row, stride, 0, panel, sum);
#pragma GCC unroll 4
    for (auto& pointer : row) ++pointer;
  }
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    _mm512_store_ps(sums + r * panel_columns, sum[r][0]);
    _mm512_store_ps(sums + r * panel_columns + lanes, sum[r][1]);
  }
}

using Tile = void (*)(const float*, std::int64_t, const float*, std::int64_t, Fetch, float*);
constexpr Tile tiles[most_rows + 1] = {
    nullptr,           multiply_tile<1>,  multiply_tile<2>,  multiply_tile<3>,  multiply_tile<4>,
    multiply_tile<5>,  multiply_tile<6>,  multiply_tile<7>,  multiply_tile<8>,  multiply_tile<9>,
    multiply_tile<10>, multiply_tile<11>, multiply_tile<12>, multiply_tile<13>, multiply_tile<14>};

/// exp(x) to about one unit in the last place: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2]
/// (Cephes, expf).
__m512 exponential(__m512 x) {
  x = _mm512_min_ps(_mm512_max_ps(x, _mm512_set1_ps(-87.0f)), _mm512_set1_ps(88.0f));
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)),
                                        _MM_FROUND_TO_NEAREST_INT);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  for (const float coefficient :
       {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(coefficient));
  p = _mm512_fmadd_ps(_mm512_mul_ps(r, r), p, _mm512_add_ps(r, _mm512_set1_ps(1.0f)));
  return _mm512_scalef_ps(p, n);
}

/// 0.5 x (1 + tanh(u)) = x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
__m512 gelu(__m512 x) {
  const __m512 cubic =
      _mm512_fmadd_ps(_mm512_mul_ps(_mm512_mul_ps(x, x), x), _mm512_set1_ps(0.044715f), x);
  const __m512 e = exponential(_mm512_mul_ps(cubic, _mm512_set1_ps(-2.0f * 0.79788456080f)));
  return _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0f), e));
}

/// Sixteen columns of a result row, of which `mask` exist.
void finish(const float* sums, const float* bias, Epilogue epilogue, __mmask16 mask, float* out) {
  __m512 value = _mm512_add_ps(_mm512_load_ps(sums), _mm512_loadu_ps(bias));
  if (epilogue == Epilogue::gelu) value = gelu(value);
  if (epilogue == Epilogue::accumulate)
    value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, out));
  _mm512_mask_storeu_ps(out, mask, value);
}

__mmask16 columns_left(std::int64_t columns) {
  return columns >= lanes ? __mmask16{0xffff}
                          : static_cast<__mmask16>(columns <= 0 ? 0 : (1 << columns) - 1);
}

/// Row tiles of nearly equal height.
struct Tiling {
  std::int64_t count, height;
  explicit Tiling(std::int64_t rows)
      : count((rows + most_rows - 1) / most_rows), height((rows + count - 1) / count) {}
};

/// sums (rows, 32) = in times one panel.
void multiply_panel(Matrix in, const float* panel, float* sums) {
  const Tiling tiling(in.rows);
  for (std::int64_t first = 0; first < in.columns; first += input_block) {
    const std::int64_t inputs = smaller(input_block, in.columns - first);
    // Two lines of weights belong to each input; the tiles share the work of fetching the next
    // block's.
    const std::int64_t lines_per_fourth_input = (8 + tiling.count - 1) / tiling.count;
    const float* block = panel + first * panel_columns;
    const float* next = block + inputs * panel_columns;
    for (std::int64_t row = 0; row < in.rows; row += tiling.height) {
      const std::int64_t rows = smaller(tiling.height, in.rows - row);
      tiles[rows](in.data + row * in.stride + first, in.stride, block, inputs,
                  {next, lines_per_fourth_input}, sums + row * panel_columns);
      next += (inputs + 3) / 4 * lines_per_fourth_input * lanes;
    }
  }
}

}  // namespace

bool panels_usable() { return __builtin_cpu_supports("avx512f") != 0; }

void pack_panels(const float* weight, std::int64_t inputs, std::int64_t outputs, float* panels) {
#pragma omp parallel for schedule(static)
  for (std::int64_t panel = 0; panel < panel_count(outputs); ++panel) {
    const std::int64_t column = panel * panel_columns;
    const std::int64_t columns = smaller(panel_columns, outputs - column);
    float* to = panels + panel * inputs * panel_columns;
    for (std::int64_t i = 0; i < inputs; ++i, to += panel_columns) {
      const float* from = weight + i * outputs + column;
      const __m512 low = _mm512_maskz_loadu_ps(columns_left(columns), from);
      const __m512 high = _mm512_maskz_loadu_ps(columns_left(columns - lanes), from + lanes);
      _mm512_store_ps(to, low);
      _mm512_store_ps(to + lanes, high);
    }
  }
}

void multiply_panels(Matrix in, const PanelWeight& weight, Epilogue epilogue, std::int64_t first,
                     std::int64_t end, Matrix out) {
  alignas(64) float sums[row_block * panel_columns];
  for (std::int64_t row = 0; row < in.rows; row += row_block) {
    const std::int64_t rows = smaller(row_block, in.rows - row);
    for (std::int64_t panel = first; panel < end; ++panel) {
      for (std::int64_t i = 0; i < rows * panel_columns; i += lanes)
        _mm512_store_ps(sums + i, _mm512_setzero_ps());
      multiply_panel(in.part_of_rows(row, rows),
                     weight.panels + panel * weight.inputs * panel_columns, sums);
      const std::int64_t column = panel * panel_columns, columns = weight.outputs - column;
      const __mmask16 low = columns_left(columns), high = columns_left(columns - lanes);
      for (std::int64_t r = 0; r < rows; ++r) {
        float* to = out.data + (row + r) * out.stride + column;
        finish(sums + r * panel_columns, weight.bias + column, epilogue, low, to);
        if (high != 0)
          finish(sums + r * panel_columns + lanes, weight.bias + column + lanes, epilogue, high,
                 to + lanes);
      }
    }
  }
}

}  // namespace headsweep::cpu
