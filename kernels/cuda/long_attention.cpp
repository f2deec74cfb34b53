#include "kernels/cuda/long_attention.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "kernels/cuda/causal_mask.h"

namespace headsweep::cuda {
namespace {

void multiply(cudaStream_t stream, const HeadProduct* product, HeadProduct::Call call) {
  product->enqueue(stream, call);
}

/// `scores` as a matrix: a recorded chain is recognised by its shape, too.
void normalize(cudaStream_t /*is cuDNN's own*/, const Softmax* softmax, Matrix scores,
               void* weights) {
  softmax->enqueue(scores.data, weights);
}

/// As HeadProduct's algorithms expect it. Whoever asks for attention has whole heads in buffers of
/// the arena, so that it is.
[[maybe_unused]] bool is_aligned(const Matrix& matrix, std::int64_t d_head) {
  const std::int64_t element = bytes_of(matrix.element), unit = row_alignment(d_head * element);
  const auto address = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(matrix.data));
  return address % unit == 0 && (matrix.rows <= 1 || matrix.stride * element % unit == 0);
}

HeadProduct::Heads heads_of(const Matrix& matrix, std::int64_t d_head) {
  return {matrix.data, matrix.stride, d_head};
}

}  // namespace

/// Some heads' queries that are neighbours.
struct LongAttention::Part {
  std::int64_t heads, d_head, first_position;
  Matrix q, k, v, z;  // of these heads; q, z of these queries
  std::byte *scores, *weights;
};

LongAttention::LongAttention(std::shared_ptr<Device> device, Element element,
                             std::int64_t workspace_bytes)
    : device_(std::move(device)), element_(element), workspace_bytes_(workspace_bytes) {}

const LongAttention::Products& LongAttention::products(std::int64_t d_head, std::int64_t keys) {
  const std::pair key(d_head, keys);
  auto found = products_.find(key);
  if (found == products_.end()) {
    const auto product = [&](HeadProductKind kind) {
      return HeadProduct(*device_, element_, kind, d_head, keys);
    };
    found = products_
                .emplace(key, Products{product(HeadProductKind::scores),
                                       product(HeadProductKind::mixtures)})
                .first;
  }
  return found->second;
}

const Softmax& LongAttention::softmax(std::int64_t rows, std::int64_t columns) {
  return softmaxes_.try_emplace({rows, columns}, device_->cudnn(), element_, rows, columns)
      .first->second;
}

void LongAttention::add(int heads, Matrix q, Matrix k, Matrix v, Matrix z) {
  const std::int64_t keys = k.rows, d_head = k.columns / heads;
  for ([[maybe_unused]] const Matrix& each : {q, k, v, z}) assert(is_aligned(each, d_head));
  const std::int64_t row_bytes = score_stride(keys, element_) * bytes_of(element_);
  const std::int64_t most_rows = std::max(workspace_bytes_ / (2 * row_bytes), std::int64_t{1});
  const std::int64_t heads_at_once = std::clamp<std::int64_t>(most_rows / q.rows, 1, heads),
                     queries_at_once = std::min(q.rows, most_rows);
  const std::int64_t bytes = heads_at_once * queries_at_once * row_bytes;
  auto* const scores = static_cast<std::byte*>(device_->workspace(2 * bytes));
  const Products& of_length = products(d_head, keys);
  for (std::int64_t head = 0; head < heads; head += heads_at_once) {
    const std::int64_t some = std::min(heads_at_once, heads - head);
    const auto of_heads = [&](const Matrix& matrix) {
      return matrix.part_of_columns(head * d_head, some * d_head);
    };
    for (std::int64_t query = 0; query < q.rows; query += queries_at_once) {
      const std::int64_t queries = std::min(queries_at_once, q.rows - query);
      add_part(of_length, {some, d_head, keys - q.rows + query,
                           of_heads(q).part_of_rows(query, queries), of_heads(k), of_heads(v),
                           of_heads(z).part_of_rows(query, queries), scores, scores + bytes});
    }
  }
}

void LongAttention::add_part(const Products& products, const Part& part) {
  const std::int64_t queries = part.q.rows, rows = part.heads * queries, keys = part.k.rows;
  const std::int64_t columns = score_stride(keys, element_);
  const Matrix scores{part.scores, rows, columns, columns, element_};
  const auto squares = [&](std::byte* data) {
    return HeadProduct::Heads{data, columns, queries * columns};
  };
  device_->add(multiply, &products.scores,
               {heads_of(part.q, part.d_head), heads_of(part.k, part.d_head), squares(part.scores),
                queries, part.heads});
  // The last position sees all keys; only what fills up the row is to be hidden from it.
  if (part.first_position + 1 < columns)
    device_->add(element_ == Element::float64 ? hide_later_keys<double> : hide_later_keys<float>,
                 scores, queries, part.first_position);
  device_->add(normalize, &softmax(rows, columns), scores, part.weights);
  device_->add(multiply, &products.mixtures,
               {squares(part.weights), heads_of(part.v, part.d_head), heads_of(part.z, part.d_head),
                queries, part.heads});
}

}  // namespace headsweep::cuda
