// The two products of attention, for some heads at once: heads lie side by side in the rows of one
// matrix, so that cuBLASLt takes them as a batch of matrices that are d_head numbers apart.
#pragma once

#include <cstdint>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "kernels/cuda/device.h"
#include "kernels/cuda/product_algorithm.h"
#include "kernels/matrix.h"

namespace headsweep::cuda {

enum class HeadProductKind {
  scores,    // (queries, keys) = q k^T / sqrt(d_head)
  mixtures,  // (queries, d_head) = weights v
};

/// The algorithm is chosen by kind, d_head and the number of keys: neither the number of queries
/// nor that of heads matters to the bits of a query.
class HeadProduct {
 public:
  HeadProduct(const Device& device, Element element, HeadProductKind kind, std::int64_t d_head,
              std::int64_t keys);

  /// The first head's matrix, and what lies between: in numbers.
  struct Heads {
    std::byte* data;
    std::int64_t stride;  // between rows
    std::int64_t step;    // between heads
  };
  struct Call {
    Heads left;   // (queries, d_head) or (queries, keys)
    Heads right;  // (keys, d_head)
    Heads out;
    std::int64_t queries, heads;
  };
  void enqueue(cudaStream_t stream, const Call& call) const;

 private:
  ProductLayouts layouts(const Call& call) const;
  void choose();

  const Device& device_;
  Operand operand_;
  HeadProductKind kind_;
  std::int64_t d_head_, keys_;
  ProductDescription description_;
  cublasLtMatmulAlgo_t algorithm_ = {};
};

/// Scores, and the weights that they become, have rows of so many numbers: what is behind the last
/// key is filled up to a whole number of 16 bytes, for which matrix units are made.
std::int64_t score_stride(std::int64_t keys, Element element);

}  // namespace headsweep::cuda
