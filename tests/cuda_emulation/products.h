// The emulated cuBLASLt's descriptors and algorithms. Only the emulation's own sources include
// this.
#pragma once

#include <cstddef>
#include <cstdint>

#include <cublasLt.h>

struct cublasLtContext {};

struct cublasLtMatmulDescOpaque_t {
  std::int32_t compute = CUBLAS_COMPUTE_32F;
  std::int32_t scale = CUDA_R_32F;
  std::int32_t pointer_mode = CUBLASLT_POINTER_MODE_HOST;
  std::int32_t transpose_a = CUBLAS_OP_N;
  std::int32_t transpose_b = CUBLAS_OP_N;
  std::uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
  std::int32_t bias_type = -1;  // that of the result
};

struct cublasLtMatrixLayoutOpaque_t {
  std::uint32_t type = CUDA_R_32F;
  std::int32_t order = CUBLASLT_ORDER_COL;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::int64_t leading_dimension = 0;
  std::int32_t batches = 1;
  std::int64_t batch_stride = 0;
};

struct cublasLtMatmulPreferenceOpaque_t {
  std::uint64_t most_workspace_bytes = 0;
  std::uint32_t reduction_schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
  std::uint32_t alignment[4] = {256, 256, 256, 256};  // of A, B, C, D
};

namespace emulation {

// In which order the k products of an element are summed: what makes the algorithms' results
// differ.
enum class Summation : int { in_sequence = 20, blocks_of_32 = 21, halves = 23 };

// What lies in cublasLtMatmulAlgo_t::data.
struct Algorithm {
  std::uint64_t summation;
  std::uint64_t types;         // of A and of D, and how it computes
  std::uint64_t alignment[4];  // that the heuristic was told of
  std::uint64_t unused[2];
};
static_assert(sizeof(Algorithm) == sizeof(cublasLtMatmulAlgo_t));
inline Algorithm& inside(cublasLtMatmulAlgo_t& algorithm) {
  return reinterpret_cast<Algorithm&>(algorithm);
}
inline const Algorithm& inside(const cublasLtMatmulAlgo_t& algorithm) {
  return reinterpret_cast<const Algorithm&>(algorithm);
}

// A product that was checked: D = epilogue(alpha op(A) op(B) + beta C), column-major.
struct Product {
  cublasLtMatmulDescOpaque_t operation;
  cublasLtMatrixLayoutOpaque_t a_layout, b_layout, c_layout, d_layout;
  const void* a;
  const void* b;
  const void* c;
  void* d;
  double alpha, beta;
  Summation summation;
};
void multiply(const Product& product);

std::size_t element_bytes(std::uint32_t type);
// From the first to the last element of all batches.
std::size_t layout_bytes(const cublasLtMatrixLayoutOpaque_t& layout);
// SUCCESS if the library has such a product, whichever the algorithm.
cublasStatus_t check_product(const cublasLtMatmulDescOpaque_t& operation,
                             const cublasLtMatrixLayoutOpaque_t& a,
                             const cublasLtMatrixLayoutOpaque_t& b,
                             const cublasLtMatrixLayoutOpaque_t& c,
                             const cublasLtMatrixLayoutOpaque_t& d);
// Of the algorithm for a result of that layout.
std::size_t workspace_bytes(Summation summation, const cublasLtMatrixLayoutOpaque_t& d);
std::uint64_t type_key(const cublasLtMatmulDescOpaque_t& operation,
                       const cublasLtMatrixLayoutOpaque_t& a,
                       const cublasLtMatrixLayoutOpaque_t& d);

}  // namespace emulation
