// Which products cuBLASLt has, and which algorithms it proposes for them.
#include <algorithm>
#include <array>
#include <cstring>

#include "tests/cuda_emulation/machine.h"
#include "tests/cuda_emulation/products.h"

namespace emulation {
namespace {

using Layout = cublasLtMatrixLayoutOpaque_t;
using Operation = cublasLtMatmulDescOpaque_t;

constexpr std::uint64_t few_columns = 32;

bool is_float32(const Operation& operation) {
  return operation.compute == CUBLAS_COMPUTE_32F ||
         operation.compute == CUBLAS_COMPUTE_32F_PEDANTIC;
}
bool is_float64(const Operation& operation) {
  return operation.compute == CUBLAS_COMPUTE_64F ||
         operation.compute == CUBLAS_COMPUTE_64F_PEDANTIC;
}

bool has_types(const Operation& operation, const Layout& a, const Layout& b, const Layout& c,
               const Layout& d) {
  if (a.type != b.type || c.type != d.type) return false;
  if (is_float64(operation)) {
    return operation.scale == CUDA_R_64F && a.type == CUDA_R_64F && d.type == CUDA_R_64F;
  }
  if (!is_float32(operation) || operation.scale != CUDA_R_32F) return false;
  if (a.type == CUDA_R_16BF) return d.type == CUDA_R_16BF || d.type == CUDA_R_32F;
  return a.type == CUDA_R_32F && d.type == CUDA_R_32F;
}

bool has_epilogue(const Operation& operation, const Layout& d) {
  switch (operation.epilogue) {
    case CUBLASLT_EPILOGUE_DEFAULT:
      return true;
    case CUBLASLT_EPILOGUE_GELU:
      return is_float32(operation);
    case CUBLASLT_EPILOGUE_BIAS:
    case CUBLASLT_EPILOGUE_GELU_BIAS:
      return is_float32(operation) && (operation.bias_type == -1 ||
                                       operation.bias_type == static_cast<std::int32_t>(d.type));
    default:
      return false;
  }
}

bool has_shape(const Layout& layout, std::uint64_t rows, std::uint64_t columns,
               std::int32_t batches) {
  return layout.rows == rows && layout.columns == columns && layout.batches == batches;
}

bool well_formed(const Layout& layout) {
  return layout.order == CUBLASLT_ORDER_COL && layout.rows > 0 && layout.columns > 0 &&
         layout.batches > 0 && layout.leading_dimension >= static_cast<std::int64_t>(layout.rows) &&
         layout.batch_stride >= 0;
}

// The best first. What is best depends on the number of columns, as it does with the real library:
// a program that takes the first choice for every shape gets numbers that depend on the batch.
std::array<Summation, 3> preferred(const Layout& d) {
  if (d.columns < few_columns)
    return {Summation::halves, Summation::blocks_of_32, Summation::in_sequence};
  return {Summation::blocks_of_32, Summation::in_sequence, Summation::halves};
}

}  // namespace

std::size_t element_bytes(std::uint32_t type) {
  return type == CUDA_R_64F    ? sizeof(double)
         : type == CUDA_R_16BF ? sizeof(std::uint16_t)
                               : sizeof(float);
}

std::size_t layout_bytes(const Layout& layout) {
  const std::size_t elements = static_cast<std::size_t>(layout.batches - 1) * layout.batch_stride +
                               (layout.columns - 1) * layout.leading_dimension + layout.rows;
  return elements * element_bytes(layout.type);
}

cublasStatus_t check_product(const Operation& operation, const Layout& a, const Layout& b,
                             const Layout& c, const Layout& d) {
  if (!well_formed(a) || !well_formed(b) || !well_formed(c) || !well_formed(d))
    return CUBLAS_STATUS_INVALID_VALUE;
  const bool turned_a = operation.transpose_a != CUBLAS_OP_N;
  const bool turned_b = operation.transpose_b != CUBLAS_OP_N;
  const std::uint64_t k = turned_a ? a.rows : a.columns;
  if (!has_shape(a, turned_a ? k : d.rows, turned_a ? d.rows : k, d.batches) ||
      !has_shape(b, turned_b ? d.columns : k, turned_b ? k : d.columns, d.batches) ||
      !has_shape(c, d.rows, d.columns, d.batches)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (operation.pointer_mode != CUBLASLT_POINTER_MODE_HOST || !has_types(operation, a, b, c, d) ||
      !has_epilogue(operation, d)) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  return CUBLAS_STATUS_SUCCESS;
}

std::size_t workspace_bytes(Summation summation, const Layout& d) {
  if (summation != Summation::halves) return 0;
  const std::size_t sum_bytes = d.type == CUDA_R_64F ? sizeof(double) : sizeof(float);
  return 2 * d.rows * d.columns * static_cast<std::size_t>(d.batches) * sum_bytes;
}

std::uint64_t type_key(const Operation& operation, const Layout& a, const Layout& d) {
  return static_cast<std::uint64_t>(operation.compute) << 32 | a.type << 16 | d.type;
}

}  // namespace emulation

using emulation::Algorithm;
using emulation::inside;
using emulation::Summation;

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference,
                                              int most_results,
                                              cublasLtMatmulHeuristicResult_t results[],
                                              int* result_count) {
  *result_count = 0;
  auto& machine = emulation::machine();
  const std::lock_guard lock(machine.mutex);
  if (machine.before("cublasLtMatmulAlgoGetHeuristic") != cudaSuccess)
    return CUBLAS_STATUS_EXECUTION_FAILED;
  const cublasStatus_t status = emulation::check_product(*operation, *a, *b, *c, *d);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  for (const Summation summation : emulation::preferred(*d)) {
    const std::size_t bytes = emulation::workspace_bytes(summation, *d);
    const bool reduces = summation == Summation::halves;
    if (*result_count == most_results || bytes > preference->most_workspace_bytes ||
        (reduces &&
         (preference->reduction_schemes & CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE) == 0)) {
      continue;
    }
    cublasLtMatmulHeuristicResult_t& result = results[(*result_count)++];
    result = {};
    Algorithm& algorithm = inside(result.algo);
    algorithm.summation = static_cast<std::uint64_t>(summation);
    algorithm.types = emulation::type_key(*operation, *a, *d);
    std::copy_n(preference->alignment, 4, algorithm.alignment);
    result.workspaceSize = bytes;
    result.wavesCount = 1.0F;
  }
  return *result_count > 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t, cublasLtMatmulDesc_t operation,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t* algorithm,
                                       cublasLtMatmulHeuristicResult_t* result) {
  cublasStatus_t status = emulation::check_product(*operation, *a, *b, *c, *d);
  const Algorithm& chosen = inside(*algorithm);
  if (status == CUBLAS_STATUS_SUCCESS && chosen.types != emulation::type_key(*operation, *a, *d)) {
    status = CUBLAS_STATUS_NOT_SUPPORTED;
  }
  *result = {*algorithm, 0, status, 1.0F, {}};
  if (status == CUBLAS_STATUS_SUCCESS) {
    result->workspaceSize =
        emulation::workspace_bytes(static_cast<Summation>(chosen.summation), *d);
  }
  return status;
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t* algorithm,
                                                    cublasLtMatmulAlgoConfigAttributes_t attribute,
                                                    void* value, std::size_t bytes,
                                                    std::size_t* written) {
  const Summation summation = static_cast<Summation>(inside(*algorithm).summation);
  const bool split = summation == Summation::halves;
  std::uint32_t number = 0;
  switch (attribute) {
    case CUBLASLT_ALGO_CONFIG_ID:
      number = static_cast<std::uint32_t>(summation);
      break;
    case CUBLASLT_ALGO_CONFIG_TILE_ID:
      number = split ? 15 : 20;
      break;
    case CUBLASLT_ALGO_CONFIG_SPLITK_NUM:
      number = split ? 2 : 1;
      break;
    case CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME:
      number = split ? CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE : CUBLASLT_REDUCTION_SCHEME_NONE;
      break;
    case CUBLASLT_ALGO_CONFIG_STAGES_ID:
      number = summation == Summation::blocks_of_32 ? 8 : 2;
      break;
    default:
      break;
  }
  if (written != nullptr) *written = sizeof(number);
  if (value == nullptr || bytes != sizeof(number)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(value, &number, sizeof(number));
  return CUBLAS_STATUS_SUCCESS;
}
