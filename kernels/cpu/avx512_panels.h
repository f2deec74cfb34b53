// What the own AVX-512 products share: how rows are tiled, and what is done with the finished sums.
// Only for files that are compiled for AVX-512. Each has its own copy of the functions, since they
// are compiled for different further instructions.
#pragma once

#include <cstdint>

#include <immintrin.h>

#include "kernels/backend.h"
#include "kernels/cpu/panels.h"

namespace headsweep::cpu {
namespace {

constexpr int lanes = 16;  // floats in a vector; a panel is two

std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

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
__m512 gelu_tanh(__m512 x) {
  const __m512 cubic =
      _mm512_fmadd_ps(_mm512_mul_ps(_mm512_mul_ps(x, x), x), _mm512_set1_ps(0.044715f), x);
  const __m512 e = exponential(_mm512_mul_ps(cubic, _mm512_set1_ps(-2.0f * 0.79788456080f)));
  return _mm512_div_ps(x, _mm512_add_ps(_mm512_set1_ps(1.0f), e));
}

/// x Phi(x) = x erfc(-x / sqrt(2)) / 2, erfc to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26).
__m512 gelu(__m512 x) {
  const __m512 y = _mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(0.70710678f));
  const __m512 one = _mm512_set1_ps(1.0f);
  const __m512 t = _mm512_div_ps(one, _mm512_fmadd_ps(_mm512_set1_ps(0.3275911f), y, one));
  __m512 p = _mm512_set1_ps(1.061405429f);
  for (const float coefficient : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f})
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(coefficient));
  const __m512 e = exponential(_mm512_mul_ps(_mm512_sub_ps(_mm512_setzero_ps(), y), y));
  const __m512 tail = _mm512_mul_ps(_mm512_mul_ps(_mm512_mul_ps(p, t), e), _mm512_set1_ps(0.5f));
  const __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
  return _mm512_mul_ps(x, _mm512_mask_blend_ps(negative, _mm512_sub_ps(one, tail), tail));
}

/// Sixteen columns of a result row, of which `mask` exist.
void finish(const float* sums, const float* bias, Epilogue epilogue, __mmask16 mask, float* out) {
  __m512 value = _mm512_add_ps(_mm512_load_ps(sums), _mm512_loadu_ps(bias));
  if (epilogue == Epilogue::gelu) value = gelu(value);
  if (epilogue == Epilogue::gelu_tanh) value = gelu_tanh(value);
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
  Tiling(std::int64_t rows, std::int64_t most_rows)
      : count((rows + most_rows - 1) / most_rows), height((rows + count - 1) / count) {}
};

void clear_sums(float* sums, std::int64_t rows) {
  for (std::int64_t i = 0; i < rows * panel_columns; i += lanes)
    _mm512_store_ps(sums + i, _mm512_setzero_ps());
}

/// sums (rows, 32) into a panel's columns of the result, `columns` of which are left.
void finish_panel(const float* sums, std::int64_t rows, const float* bias, Epilogue epilogue,
                  std::int64_t columns, float* out, std::int64_t stride) {
  const __mmask16 low = columns_left(columns), high = columns_left(columns - lanes);
  for (std::int64_t r = 0; r < rows; ++r, sums += panel_columns, out += stride) {
    finish(sums, bias, epilogue, low, out);
    if (high != 0) finish(sums + lanes, bias + lanes, epilogue, high, out + lanes);
  }
}

}  // namespace
}  // namespace headsweep::cpu
