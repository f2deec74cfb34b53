#include "kernels/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace headsweep::cpu {
namespace {

/// One query against the `keys` positions that it may see.
struct Query {
  const float* q;      // (d_head)
  const float *k, *v;  // first visible position's (d_head)
  std::int64_t k_stride, v_stride;
  int keys;
  std::int64_t d_head;
  float* z;  // (d_head)
};

HEADSWEEP_VECTORIZED void score_keys(const Query& query, float scale, float* scores) {
  for (int j = 0; j < query.keys; ++j) {
    const float* key = query.k + j * query.k_stride;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < query.d_head; ++i) sum += query.q[i] * key[i];
    scores[j] = sum * scale;
  }
}

/// Subtracting the largest keeps exp() in range. Returns the sum of the exponentials left in
/// `scores`.
float exponentiate(int keys, float* scores) {
  const float largest = *std::max_element(scores, scores + keys);
  float sum = 0;
  for (int j = 0; j < keys; ++j) sum += scores[j] = std::exp(scores[j] - largest);
  return sum;
}

HEADSWEEP_VECTORIZED void mix_values(const Query& query, const float* weights, float total) {
  std::fill(query.z, query.z + query.d_head, 0.0f);
  for (int j = 0; j < query.keys; ++j) {
    const float* value = query.v + j * query.v_stride;
    const float weight = weights[j] / total;
#pragma omp simd
    for (std::int64_t i = 0; i < query.d_head; ++i) query.z[i] += weight * value[i];
  }
}

void attend(const Query& query, std::vector<float>& scores) {
  score_keys(query, 1.0f / std::sqrt(static_cast<float>(query.d_head)), scores.data());
  mix_values(query, scores.data(), exponentiate(query.keys, scores.data()));
}

}  // namespace

void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
               Matrix z) {
  const std::int64_t d_head = k.columns / heads;
#pragma omp parallel
  {
    std::vector<float> scores(static_cast<std::size_t>(sequences.longest));
#pragma omp for collapse(2) schedule(static)
    for (int s = 0; s < sequences.count; ++s)
      for (int h = 0; h < heads; ++h) {
        const int start = sequences.starts[s], length = sequences.starts[s + 1] - start;
        const bool last_only = queries == Queries::last_position;
        for (int p = last_only ? length - 1 : 0; p < length; ++p) {
          const std::int64_t row = last_only ? s : start + p, column = h * d_head;
          attend({q.data + row * q.stride + column, k.data + start * k.stride + column,
                  v.data + start * v.stride + column, k.stride, v.stride, p + 1, d_head,
                  z.data + row * z.stride + column},
                 scores);
        }
      }
  }
}

}  // namespace headsweep::cpu
