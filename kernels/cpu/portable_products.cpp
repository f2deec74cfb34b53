#include "kernels/cpu/portable_products.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <span>

#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/thread_buffers.h"
#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {
namespace {

/// By two vectors: 12 sums, 2 weights and 1 input in AVX2's 16 registers.
constexpr std::int64_t tile_rows = 6;
/// Inputs whose weights, 64 KB of a panel, stay in the second cache.
constexpr std::int64_t block_inputs = 512;

/// Compilers cut these vectors to what the processor has.
template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float Type [[gnu::vector_size(32)]];
};
template <>
struct VectorOf<double> {
  typedef double Type [[gnu::vector_size(32)]];
};
template <class T>
using Vector = typename VectorOf<T>::Type;
template <class T>
constexpr std::int64_t lanes_of = sizeof(Vector<T>) / sizeof(T);

// Vectors go by reference: how they would be passed by value depends on the processor.

[[gnu::always_inline]] inline void load_weights(const float* from, Vector<float>& to) {
  std::memcpy(&to, from, sizeof to);
}
[[gnu::always_inline]] inline void load_weights(const float* from, Vector<double>& to) {
  typedef float Narrow [[gnu::vector_size(16)]];
  Narrow narrow;
  std::memcpy(&narrow, from, sizeof narrow);
  to = __builtin_convertvector(narrow, Vector<double>);
}

/// sums (tile_rows, 2 vectors) += in (tile_rows, inputs) times these columns of a panel.
template <class T>
[[gnu::always_inline]] inline void multiply_columns(const T* in, std::int64_t stride,
                                                    const float* panel, std::int64_t inputs,
                                                    T* sums) {
  Vector<T> sum[tile_rows][2];
  for (int r = 0; r < tile_rows; ++r) std::memcpy(sum[r], sums + r * panel_columns, sizeof sum[r]);
  for (std::int64_t i = 0; i < inputs; ++i, panel += panel_columns) {
    Vector<T> low, high;
    load_weights(panel, low);
    load_weights(panel + lanes_of<T>, high);
#pragma GCC unroll 6
    for (int r = 0; r < tile_rows; ++r) {
      const T x = in[r * stride + i];
      sum[r][0] += x * low;
      sum[r][1] += x * high;
    }
  }
  for (int r = 0; r < tile_rows; ++r) std::memcpy(sums + r * panel_columns, sum[r], sizeof sum[r]);
}

/// sums (tile_rows, 32) += in (tile_rows, inputs) times a panel (inputs, 32).
template <class T>
[[gnu::always_inline]] inline void multiply_all_columns(const T* in, std::int64_t stride,
                                                        const float* panel, std::int64_t inputs,
                                                        T* sums) {
  for (std::int64_t column = 0; column < panel_columns; column += 2 * lanes_of<T>)
    multiply_columns(in, stride, panel + column, inputs, sums + column);
}

// Templates that are inlined into a function for float and one for double: see elementwise.cpp.

HEADSWEEP_VECTORIZED void multiply_tile(const float* in, std::int64_t stride, const float* panel,
                                        std::int64_t inputs, float* sums) {
  multiply_all_columns(in, stride, panel, inputs, sums);
}
HEADSWEEP_VECTORIZED void multiply_tile(const double* in, std::int64_t stride, const float* panel,
                                        std::int64_t inputs, double* sums) {
  multiply_all_columns(in, stride, panel, inputs, sums);
}

/// sums (rows, 32) = in (rows, inputs) times a panel; rows in whole tiles.
template <class T>
void multiply_panel(TypedMatrix<const T> in, const float* panel, std::span<T> sums) {
  std::ranges::fill(sums, T{0});
  for (std::int64_t first = 0; first < in.columns; first += block_inputs) {
    const std::int64_t inputs = std::min(block_inputs, in.columns - first);
    for (std::int64_t row = 0; row < in.rows; row += tile_rows)
      multiply_tile(in.data + row * in.stride + first, in.stride, panel + first * panel_columns,
                    inputs, sums.data() + row * panel_columns);
  }
}

}  // namespace

template <class T>
void PortableProducts<T>::multiply(Matrix in_matrix, const Weight& weight, Epilogue epilogue,
                                   Matrix out_matrix) {
  const auto in = typed<T>(in_matrix), out = typed<T>(out_matrix);
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  const std::int64_t rows = (in.rows + tile_rows - 1) / tile_rows * tile_rows;
  in_.assign(static_cast<std::size_t>(rows * in.columns), T{0});
  for (std::int64_t r = 0; r < in.rows; ++r)
    std::copy_n(in.data + r * in.stride, in.columns, in_.data() + r * in.columns);
  const TypedMatrix<const T> tiles{in_.data(), rows, in.columns, in.columns};
  const PanelWeight<T> panels = panel_weight<T>(weight);
  ThreadBuffers<T> buffers(rows * panel_columns);
#pragma omp parallel
  {
    const std::span<T> sums = buffers.mine();
#pragma omp for schedule(static)
    for (std::int64_t panel = 0; panel < panel_count(panels.outputs); ++panel) {
      const std::int64_t column = panel * panel_columns;
      multiply_panel(tiles, panels.panels + column * panels.inputs, sums);
      for (std::int64_t r = 0; r < in.rows; ++r)
        finish_row(sums.data() + r * panel_columns, panels.bias + column, epilogue,
                   panels.outputs - column, out.data + r * out.stride + column);
    }
  }
}

template class PortableProducts<float>;
template class PortableProducts<double>;

}  // namespace headsweep::cpu
