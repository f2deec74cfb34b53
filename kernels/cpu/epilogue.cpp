#include "kernels/cpu/epilogue.h"

#include <algorithm>
#include <bit>
#include <cmath>

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
[[gnu::always_inline]] inline double gelu_tanh(double x) {
  const double u = 0.79788456080286535588 * (x + 0.044715 * x * x * x);
  return x / (1 + exponential(-2 * u));
}

/// x Phi(x) = x erfc(-x / sqrt(2)) / 2. For y >= 0, erfc(y) exp(y^2) is a Chebyshev series in
/// s = (2 - y) / (2 + y), which leaves 1e-17 (the coefficients are its projections, computed to 60
/// digits); erfc(-y) = 2 - erfc(y). No branches: compilers make vector code of it, too.
[[gnu::always_inline]] inline double gelu(double x) {
  const double y = std::abs(x) * 0.70710678118654752440, s = (2 - y) / (2 + y);
  double sum = 0, before = 0;
  for (const double coefficient :
       {9.1510335155445468e-19,  -7.9539876969694584e-17, 2.6353807721752438e-16,
        1.3982845705777131e-16,  -4.0098901470712499e-15, 1.1509611397547722e-14,
        1.8505867519748427e-14,  -2.2684175777875652e-13, 4.4818814451485971e-13,
        2.0863894672105998e-12,  -1.3477495048063454e-11, 5.5154097184856736e-12,
        2.1487959525733994e-10,  -6.855254370550185e-10,  -2.242755529856193e-09,
        1.8899699318179606e-08,  5.1049525128651407e-09,  -4.2976815766658761e-07,
        5.6713311326475527e-07,  1.0537433119356064e-05,  -2.243880650620326e-05,
        -0.00035039525647961568, 0.00032117365249439837,  0.017831149719276792,
        0.12232459533097705,     0.48250911965068072}) {
    const double next = coefficient + 2 * s * sum - before;
    before = sum;
    sum = next;
  }
  const double tail = (0.37737609962585944 + s * sum - before) * exponential(-y * y) / 2;
  return x * (x < 0 ? tail : 1 - tail);
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

HEADSWEEP_VECTORIZED void apply_gelu_tanh(double* row) {
#pragma omp simd
  for (std::int64_t i = 0; i < panel_columns; ++i) row[i] = gelu_tanh(row[i]);
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
  if (epilogue == Epilogue::gelu_tanh) apply_gelu_tanh(row);
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
