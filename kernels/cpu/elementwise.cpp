#include "kernels/cpu/elementwise.h"

#include <cmath>
#include <cstring>

namespace headsweep::cpu {
namespace {

HEADSWEEP_VECTORIZED void normalize_row(const float* in, std::int64_t columns, float epsilon,
                                        float* out) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < columns; ++i) sum += in[i];
  const float mean = sum / static_cast<float>(columns);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (std::int64_t i = 0; i < columns; ++i) squares += (in[i] - mean) * (in[i] - mean);
  const float scale = 1.0f / std::sqrt(squares / static_cast<float>(columns) + epsilon);
#pragma omp simd
  for (std::int64_t i = 0; i < columns; ++i) out[i] = (in[i] - mean) * scale;
}

HEADSWEEP_VECTORIZED void add_row(const float* values, std::int64_t columns, float* x) {
#pragma omp simd
  for (std::int64_t i = 0; i < columns; ++i) x[i] += values[i];
}

HEADSWEEP_VECTORIZED double dot(const float* a, const float* b, std::int64_t columns) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < columns; ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

void copy_values(const float* from, std::int64_t count, float* to) {
  if (from != to) std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

}  // namespace

void layer_norm(Matrix in, double epsilon, Matrix out) {
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < in.rows; ++r)
    normalize_row(in.data + r * in.stride, in.columns, static_cast<float>(epsilon),
                  out.data + r * out.stride);
}

void replace_heads(const HeadFill& fill, Matrix from, Matrix to) {
  const std::int64_t d_head = from.columns / fill.heads;
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < from.rows; ++r)
    for (std::int64_t h = 0; h < fill.heads; ++h) {
      const float* source =
          fill.keep[r * fill.heads + h] != 0
              ? from.data + r * from.stride + h * d_head
              : fill.values.data + fill.row[r] * fill.values.stride + fill.head[h] * d_head;
      copy_values(source, d_head, to.data + r * to.stride + h * d_head);
    }
}

void add_rows(Matrix values, const int* row, Matrix x) {
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < x.rows; ++r)
    add_row(values.data + row[r] * values.stride, x.columns, x.data + r * x.stride);
}

void gather_rows(Matrix in, const int* row, Matrix out) {
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < out.rows; ++r)
    copy_values(in.data + row[r] * in.stride, out.columns, out.data + r * out.stride);
}

void row_dots(Matrix a, Matrix b, double* out) {
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < a.rows; ++r)
    out[r] = dot(a.data + r * a.stride, b.data + r * b.stride, a.columns);
}

}  // namespace headsweep::cpu
