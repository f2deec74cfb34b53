// One cuBLASLt product: a shape of weight, an element, what happens to the sums; and the algorithm
// chosen for it, once and for all numbers of rows.
#pragma once

#include <cstdint>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "kernels/cuda/device.h"
#include "kernels/cuda/product_algorithm.h"

namespace headsweep::cuda {

/// What cuBLASLt does to the sums before they are stored.
enum class Finish { nothing, bias, bias_gelu_tanh };

/// What becomes of what was in the result's place.
enum class Sums : std::int64_t { replace, add };

/// Every matrix that it reads or writes begins, and has its rows, at multiples of row_alignment().
class Product {
 public:
  /// Of weights (inputs, outputs) without gaps between rows.
  Product(const Device& device, Operand operand, std::int64_t inputs, std::int64_t outputs,
          Finish finish);

  struct Call {
    const void* weight;  // (inputs, outputs)
    const void* in;      // (rows, inputs)
    std::int64_t rows, in_stride;
    const void* bias;  // (outputs), of the result's element; nullptr for Finish::nothing
    Sums sums;
    std::byte* out;  // (rows, outputs)
    std::int64_t out_stride;
  };
  void enqueue(cudaStream_t stream, const Call& call) const;

 private:
  ProductLayouts layouts(std::int64_t rows, std::int64_t in_stride, std::int64_t out_stride) const;
  void choose();

  const Device& device_;
  Operand operand_;
  std::int64_t inputs_, outputs_;
  Finish finish_;
  ProductDescription description_;
  cublasLtMatmulAlgo_t algorithm_ = {};
};

}  // namespace headsweep::cuda
