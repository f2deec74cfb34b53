#include "kernels/cpu/epilogue.h"

#include <algorithm>
#include <bit>

#include "kernels/cpu/panels.h"

namespace headsweep::cpu {
namespace {

/// exp(x) to about one unit in the last place, in a form that compilers make vector code of: 2^n
/// times the exponential series up to r^13 on [-ln 2 / 2, ln 2 / 2], where the rest is below 1e-17.
[[gnu::always_inline]] inline double exponential(double x) {
  constexpr double to_integer = 0x1.8p52;  // added, it leaves no bits for a fraction
  x = std::min(std::max(x, -708.0), 709.0);
  const double shifted = x * 1.4426950408889634 + to_integer, n = shifted - to_integer;
  // ln 2 in two parts, the first of so few bits that its product with n is exact.
  const double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
  double sum = 1.0 / 6227020800;
  for (const double divisor : {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0, 720.0,
                               120.0, 24.0, 6.0, 2.0, 1.0, 1.0})
    sum = sum * r + 1.0 / divisor;
  const auto exponent = std::bit_cast<std::uint64_t>(shifted) + 1023;
  return sum * std::bit_cast<double>(exponent << 52);
}

/// 0.5 x (1 + tanh(u)) = x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
[[gnu::always_inline]] inline double gelu(double x) {
  const double u = 0.79788456080286535588 * (x + 0.044715 * x * x * x);
  return x / (1 + exponential(-2 * u));
}

// Whole panels always, so that a column's bits do not depend on which columns exist.

HEADSWEEP_VECTORIZED void add_bias(const double* sums, const double* bias, double* row) {
#pragma omp simd
  for (std::int64_t i = 0; i < panel_columns; ++i) row[i] = sums[i] + bias[i];
}
HEADSWEEP_VECTORIZED void add_bias(const float* sums, const float* bias, double* row) {
#pragma omp simd
  for (std::int64_t i = 0; i < panel_columns; ++i) row[i] = double{sums[i]} + double{bias[i]};
}

HEADSWEEP_VECTORIZED void apply_gelu(double* row) {
#pragma omp simd
  for (std::int64_t i = 0; i < panel_columns; ++i) row[i] = gelu(row[i]);
}

template <class T>
void finish(const T* sums, const T* bias, Epilogue epilogue, std::int64_t columns, T* out) {
  alignas(64) double row[panel_columns];
  add_bias(sums, bias, row);
  if (epilogue == Epilogue::gelu) apply_gelu(row);
  columns = std::min(columns, panel_columns);
  for (std::int64_t i = 0; i < columns; ++i)
    out[i] = static_cast<T>(epilogue == Epilogue::accumulate ? out[i] + row[i] : row[i]);
}

}  // namespace

void finish_row(const double* sums, const double* bias, Epilogue epilogue, std::int64_t columns,
                double* out) {
  finish(sums, bias, epilogue, columns, out);
}
void finish_row(const float* sums, const float* bias, Epilogue epilogue, std::int64_t columns,
                float* out) {
  finish(sums, bias, epilogue, columns, out);
}

}  // namespace headsweep::cpu
