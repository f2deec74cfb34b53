#include "kernels/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "kernels/cpu/thread_buffers.h"
#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {
namespace {

/// One query against the `keys` positions that it may see.
template <class T>
struct Query {
  const T* q;      // (d_head)
  const T *k, *v;  // first visible position's (d_head)
  std::int64_t k_stride, v_stride;
  int keys;
  std::int64_t d_head;
  T* z;  // (d_head)
};

// Templates that are inlined into a function for float and one for double: see elementwise.cpp.

template <class T>
[[gnu::always_inline]] inline void score(const Query<T>& query, T scale, T* scores) {
  for (int j = 0; j < query.keys; ++j) {
    const T* key = query.k + j * query.k_stride;
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < query.d_head; ++i) sum += query.q[i] * key[i];
    scores[j] = sum * scale;
  }
}

HEADSWEEP_VECTORIZED void score_keys(const Query<float>& query, float scale, float* scores) {
  score(query, scale, scores);
}
HEADSWEEP_VECTORIZED void score_keys(const Query<double>& query, double scale, double* scores) {
  score(query, scale, scores);
}

/// Subtracting the largest keeps exp() in range. Returns the sum of the exponentials left in
/// `scores`.
template <class T>
T exponentiate(int keys, T* scores) {
  const T largest = *std::max_element(scores, scores + keys);
  T sum = 0;
  for (int j = 0; j < keys; ++j) sum += scores[j] = std::exp(scores[j] - largest);
  return sum;
}

template <class T>
[[gnu::always_inline]] inline void mix(const Query<T>& query, const T* weights, T total) {
  std::fill(query.z, query.z + query.d_head, T{0});
  for (int j = 0; j < query.keys; ++j) {
    const T* value = query.v + j * query.v_stride;
    const T weight = weights[j] / total;
#pragma omp simd
    for (std::int64_t i = 0; i < query.d_head; ++i) query.z[i] += weight * value[i];
  }
}

HEADSWEEP_VECTORIZED void mix_values(const Query<float>& query, const float* weights, float total) {
  mix(query, weights, total);
}
HEADSWEEP_VECTORIZED void mix_values(const Query<double>& query, const double* weights,
                                     double total) {
  mix(query, weights, total);
}

template <class T>
void attend(const Query<T>& query, std::span<T> scores) {
  score_keys(query, T{1} / std::sqrt(static_cast<T>(query.d_head)), scores.data());
  mix_values(query, scores.data(), exponentiate(query.keys, scores.data()));
}

}  // namespace

template <class T>
void attention(SequenceRows sequences, int heads, Queries queries, Matrix q_matrix, Matrix k_matrix,
               Matrix v_matrix, Matrix z_matrix) {
  const auto q = typed<T>(q_matrix), k = typed<T>(k_matrix), v = typed<T>(v_matrix),
             z = typed<T>(z_matrix);
  const std::int64_t d_head = k.columns / heads;
  ThreadBuffers<T> buffers(sequences.longest);
#pragma omp parallel
  {
    const std::span<T> scores = buffers.mine();
#pragma omp for collapse(2) schedule(static)
    for (int s = 0; s < sequences.count; ++s)
      for (int h = 0; h < heads; ++h) {
        const int start = sequences.starts[s], length = sequences.starts[s + 1] - start;
        const bool last_only = queries == Queries::last_position;
        for (int p = last_only ? length - 1 : 0; p < length; ++p) {
          const std::int64_t row = last_only ? s : start + p, column = h * d_head;
          attend<T>({q.data + row * q.stride + column, k.data + start * k.stride + column,
                     v.data + start * v.stride + column, k.stride, v.stride, p + 1, d_head,
                     z.data + row * z.stride + column},
                    scores);
        }
      }
  }
}

template void attention<float>(SequenceRows, int, Queries, Matrix, Matrix, Matrix, Matrix);
template void attention<double>(SequenceRows, int, Queries, Matrix, Matrix, Matrix, Matrix);

}  // namespace headsweep::cpu
