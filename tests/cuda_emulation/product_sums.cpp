// The arithmetic of the emulated cuBLASLt: column-major products in three orders of summation.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/cuda_emulation/products.h"

namespace emulation {
namespace {

using Layout = cublasLtMatrixLayoutOpaque_t;

float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// To the nearest, ties to even; a NaN stays one.
std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return 0x7fff;
  return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

template <class Sum>
Sum load(const void* matrix, std::uint32_t type, std::size_t index) {
  if (type == CUDA_R_64F) return static_cast<Sum>(static_cast<const double*>(matrix)[index]);
  if (type == CUDA_R_16BF) return from_bfloat16(static_cast<const std::uint16_t*>(matrix)[index]);
  return static_cast<const float*>(matrix)[index];
}

template <class Sum>
void store(void* matrix, std::uint32_t type, std::size_t index, Sum value) {
  if (type == CUDA_R_64F) {
    static_cast<double*>(matrix)[index] = value;
  } else if (type == CUDA_R_16BF) {
    static_cast<std::uint16_t*>(matrix)[index] = to_bfloat16(static_cast<float>(value));
  } else {
    static_cast<float*>(matrix)[index] = static_cast<float>(value);
  }
}

// The matrix as (columns, rows), or its transpose so, without gaps.
template <class Sum>
std::vector<Sum> dense(const void* matrix, const Layout& layout, std::size_t batch,
                       bool transposed) {
  std::vector<Sum> values(layout.rows * layout.columns);
  const std::size_t first = batch * static_cast<std::size_t>(layout.batch_stride);
  for (std::size_t column = 0; column < layout.columns; ++column) {
    for (std::size_t row = 0; row < layout.rows; ++row) {
      const std::size_t to =
          transposed ? row * layout.columns + column : column * layout.rows + row;
      values[to] =
          load<Sum>(matrix, layout.type,
                    first + column * static_cast<std::size_t>(layout.leading_dimension) + row);
    }
  }
  return values;
}

// sums[i] += sum over steps first ... last - 1 of a(step, i) b(step), one after the other. Without
// the sanitizers' checks, which take most of the time here: the addresses were checked when the
// product was asked for.
template <class Sum>
__attribute__((no_sanitize("address", "undefined"))) void add_steps(const Sum* a, const Sum* b,
                                                                    std::size_t rows,
                                                                    std::size_t first,
                                                                    std::size_t last,
                                                                    Sum* __restrict__ sums) {
  for (std::size_t step = first; step < last; ++step) {
    const Sum* const column = a + step * rows;
    const Sum factor = b[step];
    for (std::size_t i = 0; i < rows; ++i) sums[i] += column[i] * factor;
  }
}

// One column of op(A) op(B); a: (k, rows), b: (k).
template <class Sum>
std::vector<Sum> column_sums(Summation summation, const Sum* a, const Sum* b, std::size_t rows,
                             std::size_t k) {
  const std::size_t part = summation == Summation::in_sequence    ? k
                           : summation == Summation::blocks_of_32 ? 32
                                                                  : (k + 1) / 2;
  std::vector<Sum> sums(rows);
  add_steps(a, b, rows, 0, std::min(part, k), sums.data());
  std::vector<Sum> partial(rows);
  for (std::size_t first = part; first < k; first += part) {
    std::fill(partial.begin(), partial.end(), Sum{0});
    add_steps(a, b, rows, first, std::min(first + part, k), partial.data());
    for (std::size_t i = 0; i < rows; ++i) sums[i] += partial[i];
  }
  return sums;
}

template <class Sum>
Sum gelu(Sum x) {
  const Sum inner =
      std::sqrt(Sum{2} / std::numbers::pi_v<Sum>) * (x + static_cast<Sum>(0.044715) * x * x * x);
  return static_cast<Sum>(0.5) * x * (1 + std::tanh(inner));
}

template <class Sum>
void multiply_batch(const Product& product, std::size_t batch) {
  const Layout& c = product.c_layout;
  const Layout& d = product.d_layout;
  const bool turned_a = product.operation.transpose_a != CUBLAS_OP_N;
  const bool turned_b = product.operation.transpose_b != CUBLAS_OP_N;
  const std::size_t k = turned_a ? product.a_layout.rows : product.a_layout.columns;
  const std::vector<Sum> a = dense<Sum>(product.a, product.a_layout, batch, turned_a);  // (k, rows)
  const std::vector<Sum> b =
      dense<Sum>(product.b, product.b_layout, batch, turned_b);  // (columns, k)
  const bool has_bias = (product.operation.epilogue & CUBLASLT_EPILOGUE_BIAS) != 0;
  const bool has_gelu = (product.operation.epilogue & CUBLASLT_EPILOGUE_GELU) != 0;
  for (std::size_t column = 0; column < d.columns; ++column) {
    const std::vector<Sum> sums =
        column_sums(product.summation, a.data(), b.data() + column * k, d.rows, k);
    const std::size_t c_first = batch * static_cast<std::size_t>(c.batch_stride) +
                                column * static_cast<std::size_t>(c.leading_dimension);
    const std::size_t d_first = batch * static_cast<std::size_t>(d.batch_stride) +
                                column * static_cast<std::size_t>(d.leading_dimension);
    for (std::size_t row = 0; row < d.rows; ++row) {
      Sum value = static_cast<Sum>(product.alpha) * sums[row];
      if (product.beta != 0)
        value += static_cast<Sum>(product.beta) * load<Sum>(product.c, c.type, c_first + row);
      if (has_bias) value += load<Sum>(product.operation.bias, d.type, row);
      if (has_gelu) value = gelu(value);
      store(product.d, d.type, d_first + row, value);
    }
  }
}

}  // namespace

void multiply(const Product& product) {
  for (std::size_t batch = 0; batch < static_cast<std::size_t>(product.d_layout.batches); ++batch) {
    if (product.d_layout.type == CUDA_R_64F) {
      multiply_batch<double>(product, batch);
    } else {
      multiply_batch<float>(product, batch);
    }
  }
}

}  // namespace emulation
