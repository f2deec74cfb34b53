// One cuBLASLt product: a shape of weight, an element, what happens to the sums; and the algorithm
// chosen for it, once and for all numbers of rows.
#pragma once

#include <cstdint>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "kernels/cuda/device.h"
#include "kernels/cuda/owner.h"
#include "kernels/matrix.h"

namespace headsweep::cuda {

/// What cuBLASLt does to the sums before they are stored.
enum class Finish { nothing, bias, bias_gelu };

/// What is multiplied; sums and results are float32, of float64 float64.
enum class Operand { bfloat16, float32, float64 };

/// What becomes of what was in the result's place.
enum class Sums : std::int64_t { replace, add };

class Product {
 public:
  /// Of weights (inputs, outputs) without gaps between rows.
  Product(const Device& device, Operand operand, std::int64_t inputs, std::int64_t outputs,
          Finish finish);

  /// Rows of so many bytes begin at multiples of this, in every matrix that a product reads or
  /// writes.
  static std::int64_t row_alignment(std::int64_t row_bytes);

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
  using Description = Owner<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
  using Layout = Owner<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;

  static Layout rows_of(cudaDataType element, std::int64_t columns, std::int64_t rows,
                        std::int64_t stride);
  bool serves(const cublasLtMatmulAlgo_t& algorithm, std::int64_t rows) const;
  void choose_algorithm();

  const Device& device_;
  Operand operand_;
  std::int64_t inputs_, outputs_;
  Finish finish_;
  Description description_;
  cublasLtMatmulAlgo_t algorithm_ = {};
};

}  // namespace headsweep::cuda
