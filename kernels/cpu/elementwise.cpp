#include "kernels/cpu/elementwise.h"

#include <cassert>
#include <cmath>
#include <cstring>

#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {
namespace {

// Each loop is a template that is inlined into a function for float and one for double: only
// functions that are no templates can be compiled for several generations of vector units.

template <class T>
[[gnu::always_inline]] inline void normalize(const T* in, const T* scale, std::int64_t columns,
                                             T epsilon, T* out) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < columns; ++i) sum += in[i];
  const T mean = sum / static_cast<T>(columns);
  T squares = 0;
#pragma omp simd reduction(+ : squares)
  for (std::int64_t i = 0; i < columns; ++i) squares += (in[i] - mean) * (in[i] - mean);
  const T factor = T{1} / std::sqrt(squares / static_cast<T>(columns) + epsilon);
#pragma omp simd
  for (std::int64_t i = 0; i < columns; ++i) out[i] = (in[i] - mean) * factor;
  if (scale == nullptr) return;
#pragma omp simd
  for (std::int64_t i = 0; i < columns; ++i) out[i] *= scale[i];
}

HEADSWEEP_VECTORIZED void normalize_row(const float* in, const float* scale, std::int64_t columns,
                                        float epsilon, float* out) {
  normalize(in, scale, columns, epsilon, out);
}
HEADSWEEP_VECTORIZED void normalize_row(const double* in, const double* scale, std::int64_t columns,
                                        double epsilon, double* out) {
  normalize(in, scale, columns, epsilon, out);
}

template <class T>
[[gnu::always_inline]] inline void add(const T* values, std::int64_t columns, T* x) {
#pragma omp simd
  for (std::int64_t i = 0; i < columns; ++i) x[i] += values[i];
}

HEADSWEEP_VECTORIZED void add_row(const float* values, std::int64_t columns, float* x) {
  add(values, columns, x);
}
HEADSWEEP_VECTORIZED void add_row(const double* values, std::int64_t columns, double* x) {
  add(values, columns, x);
}

/// (a, b) becomes (a cos - b sin, b cos + a sin); the sines lie behind the cosines.
template <class T>
[[gnu::always_inline]] inline void turn(const T* angles, std::int64_t pairs, T* columns) {
#pragma omp simd
  for (std::int64_t i = 0; i < pairs; ++i) {
    const T a = columns[i], b = columns[pairs + i];
    columns[i] = a * angles[i] - b * angles[pairs + i];
    columns[pairs + i] = b * angles[i] + a * angles[pairs + i];
  }
}

HEADSWEEP_VECTORIZED void turn_pairs(const float* angles, std::int64_t pairs, float* columns) {
  turn(angles, pairs, columns);
}
HEADSWEEP_VECTORIZED void turn_pairs(const double* angles, std::int64_t pairs, double* columns) {
  turn(angles, pairs, columns);
}

template <class T>
[[gnu::always_inline]] inline double sum_of_products(const T* a, const T* b, std::int64_t columns) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < columns; ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

HEADSWEEP_VECTORIZED double dot(const float* a, const float* b, std::int64_t columns) {
  return sum_of_products(a, b, columns);
}
HEADSWEEP_VECTORIZED double dot(const double* a, const double* b, std::int64_t columns) {
  return sum_of_products(a, b, columns);
}

template <class T>
void copy_values(const T* from, std::int64_t count, T* to) {
  if (from != to) std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T));
}

}  // namespace

template <class T>
void layer_norm(Matrix in_matrix, const Numbers& scale, double epsilon, Matrix out_matrix) {
  const auto in = typed<T>(in_matrix), out = typed<T>(out_matrix);
  assert(scale.size == 0 || (scale.size == in.columns && scale.element == element_of<T>));
  const T* const factors =
      scale.size == 0 ? nullptr : reinterpret_cast<const T*>(scale.data());  // (columns)
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < in.rows; ++r)
    normalize_row(in.data + r * in.stride, factors, in.columns, static_cast<T>(epsilon),
                  out.data + r * out.stride);
}

template <class T>
void rotate(int heads, Matrix table_matrix, const int* position, Matrix x_matrix) {
  const auto table = typed<T>(table_matrix), x = typed<T>(x_matrix);
  const std::int64_t d_head = x.columns / heads, pairs = table.columns / 2;
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < x.rows; ++r)
    for (int h = 0; h < heads; ++h)
      turn_pairs(table.data + position[r] * table.stride, pairs,
                 x.data + r * x.stride + h * d_head);
}

template <class T>
void replace_heads(const HeadFill& fill, Matrix from_matrix, Matrix to_matrix) {
  const auto from = typed<T>(from_matrix), to = typed<T>(to_matrix), values = typed<T>(fill.values);
  const std::int64_t d_head = from.columns / fill.heads;
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < from.rows; ++r)
    for (std::int64_t h = 0; h < fill.heads; ++h) {
      const T* source = fill.keep[r * fill.heads + h] != 0
                            ? from.data + r * from.stride + h * d_head
                            : values.data + fill.row[r] * values.stride + fill.head[h] * d_head;
      copy_values(source, d_head, to.data + r * to.stride + h * d_head);
    }
}

template <class T>
void add_rows(Matrix values_matrix, const int* row, Matrix x_matrix) {
  const auto values = typed<T>(values_matrix), x = typed<T>(x_matrix);
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < x.rows; ++r)
    add_row(values.data + row[r] * values.stride, x.columns, x.data + r * x.stride);
}

template <class T>
void gather_rows(Matrix in_matrix, const int* row, Matrix out_matrix) {
  const auto in = typed<T>(in_matrix), out = typed<T>(out_matrix);
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < out.rows; ++r)
    copy_values(in.data + row[r] * in.stride, out.columns, out.data + r * out.stride);
}

template <class T>
void row_dots(Matrix a_matrix, Matrix b_matrix, double* out) {
  const auto a = typed<T>(a_matrix), b = typed<T>(b_matrix);
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < a.rows; ++r)
    out[r] = dot(a.data + r * a.stride, b.data + r * b.stride, a.columns);
}

template void layer_norm<float>(Matrix, const Numbers&, double, Matrix);
template void layer_norm<double>(Matrix, const Numbers&, double, Matrix);
template void rotate<float>(int, Matrix, const int*, Matrix);
template void rotate<double>(int, Matrix, const int*, Matrix);
template void replace_heads<float>(const HeadFill&, Matrix, Matrix);
template void replace_heads<double>(const HeadFill&, Matrix, Matrix);
template void add_rows<float>(Matrix, const int*, Matrix);
template void add_rows<double>(Matrix, const int*, Matrix);
template void gather_rows<float>(Matrix, const int*, Matrix);
template void gather_rows<double>(Matrix, const int*, Matrix);
template void row_dots<float>(Matrix, Matrix, double*);
template void row_dots<double>(Matrix, Matrix, double*);

}  // namespace headsweep::cpu
