// Compiled for AVX-512; nothing here may be called before panels_usable() has said yes, and nothing
// of the standard library's templates is instantiated, lest other files be linked to code that
// their processor cannot run.
#include "kernels/cpu/panel_product.h"

#include <immintrin.h>

#include "kernels/cpu/avx512_panels.h"
#include "kernels/cpu/epilogue.h"

namespace headsweep::cpu {
namespace {

constexpr std::int64_t most_rows = 14;  // of a tile: 28 sums, 2 weights and 1 input in 32 registers
constexpr std::int64_t input_block =
    512;  // inputs multiplied at a time: 64 KB of a panel stay in the second cache
constexpr std::int64_t row_block = 14 * 16;  // rows whose sums are kept at a time

/// Sums in float32; a tile's two vectors are a panel's columns.
struct Float32 {
  using Number = float;
  using Vector = __m512;
  static constexpr int lanes = cpu::lanes;

  static Vector load(const float* from) { return _mm512_load_ps(from); }
  static void store(float* to, Vector value) { _mm512_store_ps(to, value); }
  static Vector weights(const float* from) { return _mm512_load_ps(from); }
  static Vector everywhere(float value) { return _mm512_set1_ps(value); }
  static Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm512_fmadd_ps(a, b, sum); }
};

/// Sums in float64; a tile's two vectors are half of a panel's columns.
struct Float64 {
  using Number = double;
  using Vector = __m512d;
  static constexpr int lanes = 8;

  static Vector load(const double* from) { return _mm512_load_pd(from); }
  static void store(double* to, Vector value) { _mm512_store_pd(to, value); }
  static Vector weights(const float* from) { return _mm512_cvtps_pd(_mm256_load_ps(from)); }
  static Vector everywhere(double value) { return _mm512_set1_pd(value); }
  static Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm512_fmadd_pd(a, b, sum); }
};

/// What to bring near while multiplying: `step` lines for every fourth input.
struct Fetch {
  const float* from;
  std::int64_t step;
};
constexpr int line_floats = 16;

/// sums (rows, 2 vectors) += in (rows, 1) times one row (1, 2 vectors) of a panel. The rows are
/// reached from every fourth by multiples of the stride, so that all addresses stay in registers.
template <class Real, int rows>
[[gnu::always_inline]] inline void multiply_input(const typename Real::Number* const (&in)[4],
                                                  std::int64_t stride, std::int64_t i,
                                                  const float* weights,
                                                  typename Real::Vector (&sum)[rows][2]) {
  const auto w0 = Real::weights(weights), w1 = Real::weights(weights + Real::lanes);
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    const auto x = Real::everywhere(in[r / 4][r % 4 * stride + i]);
    sum[r][0] = Real::multiply_add(x, w0, sum[r][0]);
    sum[r][1] = Real::multiply_add(x, w1, sum[r][1]);
  }
}

/// sums (rows, 2 vectors) += in (rows, inputs) times these columns of a panel (inputs, 32).
template <class Real, int rows>
void multiply_tile(const typename Real::Number* in, std::int64_t stride, const float* panel,
                   std::int64_t inputs, Fetch fetch, typename Real::Number* sums) {
  typename Real::Vector sum[rows][2];
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    sum[r][0] = Real::load(sums + r * panel_columns);
    sum[r][1] = Real::load(sums + r * panel_columns + Real::lanes);
  }
  const typename Real::Number* row[4] = {in, in + 4 * stride, in + 8 * stride, in + 12 * stride};
  std::int64_t i = 0;
  for (; i + 4 <= inputs; i += 4) {
    for (std::int64_t line = 0; line < fetch.step; ++line, fetch.from += line_floats)
      _mm_prefetch(reinterpret_cast<const char*>(fetch.from), _MM_HINT_T1);
#pragma GCC unroll 4
    for (std::int64_t next = 0; next < 4; ++next)
      multiply_input<Real, rows>(row, stride, next, panel + next * panel_columns, sum);
    panel += 4 * panel_columns;
#pragma GCC unroll 4
    for (auto& pointer : row) pointer += 4;
  }
  for (; i < inputs; ++i, panel += panel_columns) {
    multiply_input<Real, rows>(row, stride, 0, panel, sum);
#pragma GCC unroll 4
    for (auto& pointer : row) ++pointer;
  }
#pragma GCC unroll 14
  for (int r = 0; r < rows; ++r) {
    Real::store(sums + r * panel_columns, sum[r][0]);
    Real::store(sums + r * panel_columns + Real::lanes, sum[r][1]);
  }
}

template <class Real>
using Tile = void (*)(const typename Real::Number*, std::int64_t, const float*, std::int64_t, Fetch,
                      typename Real::Number*);
template <class Real>
constexpr Tile<Real> tiles[most_rows + 1] = {nullptr,
                                             multiply_tile<Real, 1>,
                                             multiply_tile<Real, 2>,
                                             multiply_tile<Real, 3>,
                                             multiply_tile<Real, 4>,
                                             multiply_tile<Real, 5>,
                                             multiply_tile<Real, 6>,
                                             multiply_tile<Real, 7>,
                                             multiply_tile<Real, 8>,
                                             multiply_tile<Real, 9>,
                                             multiply_tile<Real, 10>,
                                             multiply_tile<Real, 11>,
                                             multiply_tile<Real, 12>,
                                             multiply_tile<Real, 13>,
                                             multiply_tile<Real, 14>};

void clear_sums(double* sums, std::int64_t rows) {
  for (std::int64_t i = 0; i < rows * panel_columns; i += Float64::lanes)
    _mm512_store_pd(sums + i, _mm512_setzero_pd());
}

/// As the one in float32.
void finish_panel(const double* sums, std::int64_t rows, const double* bias, Epilogue epilogue,
                  std::int64_t columns, double* out, std::int64_t stride) {
  for (std::int64_t r = 0; r < rows; ++r)
    finish_row(sums + r * panel_columns, bias, epilogue, columns, out + r * stride);
}

/// sums (rows, 32) = in (rows, inputs) times one panel.
template <class Real>
void multiply_panel(TypedMatrix<typename Real::Number> in, std::int64_t first_row,
                    std::int64_t all_rows, const float* panel, typename Real::Number* sums) {
  constexpr std::int64_t tile_columns = 2 * Real::lanes, parts = panel_columns / tile_columns;
  const Tiling tiling(all_rows, most_rows);
  for (std::int64_t first = 0; first < in.columns; first += input_block) {
    const std::int64_t inputs = smaller(input_block, in.columns - first);
    // Two lines of weights belong to each input; the tiles share the work of fetching the next
    // block's.
    const std::int64_t tile_count = parts * tiling.count;
    const std::int64_t lines_per_fourth_input = (8 + tile_count - 1) / tile_count;
    const float* block = panel + first * panel_columns;
    const float* next = block + inputs * panel_columns;
    for (std::int64_t row = 0; row < all_rows; row += tiling.height) {
      const std::int64_t rows = smaller(tiling.height, all_rows - row);
      for (std::int64_t column = 0; column < panel_columns; column += tile_columns) {
        tiles<Real>[rows](in.data + (first_row + row) * in.stride + first, in.stride,
                          block + column, inputs, {next, lines_per_fourth_input},
                          sums + row * panel_columns + column);
        next += (inputs + 3) / 4 * lines_per_fourth_input * line_floats;
      }
    }
  }
}

template <class Real>
void multiply(TypedMatrix<typename Real::Number> in,
              const PanelWeight<typename Real::Number>& weight, Epilogue epilogue,
              std::int64_t first, std::int64_t end, TypedMatrix<typename Real::Number> out) {
  alignas(64) typename Real::Number sums[row_block * panel_columns];
  for (std::int64_t row = 0; row < in.rows; row += row_block) {
    const std::int64_t rows = smaller(row_block, in.rows - row);
    for (std::int64_t panel = first; panel < end; ++panel) {
      clear_sums(sums, rows);
      multiply_panel<Real>(in, row, rows, weight.panels + panel * weight.inputs * panel_columns,
                           sums);
      const std::int64_t column = panel * panel_columns;
      finish_panel(sums, rows, weight.bias + column, epilogue, weight.outputs - column,
                   out.data + row * out.stride + column, out.stride);
    }
  }
}

}  // namespace

bool panels_usable() { return __builtin_cpu_supports("avx512f") != 0; }

void multiply_panels(TypedMatrix<float> in, const PanelWeight<float>& weight, Epilogue epilogue,
                     std::int64_t first, std::int64_t end, TypedMatrix<float> out) {
  multiply<Float32>(in, weight, epilogue, first, end, out);
}

void multiply_panels(TypedMatrix<double> in, const PanelWeight<double>& weight, Epilogue epilogue,
                     std::int64_t first, std::int64_t end, TypedMatrix<double> out) {
  multiply<Float64>(in, weight, epilogue, first, end, out);
}

}  // namespace headsweep::cpu
