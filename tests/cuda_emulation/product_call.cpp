// The call that queues a product, after everything about it was checked.
#include <algorithm>
#include <string>

#include "tests/cuda_emulation/machine.h"
#include "tests/cuda_emulation/products.h"

using emulation::Algorithm;
using emulation::inside;
using emulation::layout_bytes;
using emulation::Machine;
using emulation::Product;
using emulation::Summation;

namespace {

bool aligned(const void* address, std::uint64_t bytes) {
  return reinterpret_cast<std::uintptr_t>(address) % bytes == 0;
}

double scalar(const void* value, std::int32_t type) {
  return type == CUDA_R_64F ? *static_cast<const double*>(value)
                            : *static_cast<const float*>(value);
}

// What is wrong with the product's addresses and workspace; nullptr: nothing.
const char* wrong_memory(const Machine& machine, const Product& product, const Algorithm& algorithm,
                         const void* workspace, std::size_t bytes) {
  const bool reads_c = product.beta != 0;
  if (!machine.in_device_memory(product.a, layout_bytes(product.a_layout)) ||
      !machine.in_device_memory(product.b, layout_bytes(product.b_layout)) ||
      !machine.in_device_memory(product.d, layout_bytes(product.d_layout)) ||
      (reads_c && !machine.in_device_memory(product.c, layout_bytes(product.c_layout)))) {
    return "a matrix does not lie in device memory";
  }
  if ((product.operation.epilogue & CUBLASLT_EPILOGUE_BIAS) != 0 &&
      !machine.in_device_memory(
          product.operation.bias,
          product.d_layout.rows * emulation::element_bytes(product.d_layout.type))) {
    return "the bias does not lie in device memory";
  }
  if (!aligned(product.a, algorithm.alignment[0]) || !aligned(product.b, algorithm.alignment[1]) ||
      (reads_c && !aligned(product.c, algorithm.alignment[2])) ||
      !aligned(product.d, algorithm.alignment[3])) {
    return "a matrix is aligned worse than the heuristic was told";
  }
  const std::size_t needed = emulation::workspace_bytes(product.summation, product.d_layout);
  if (bytes < needed || (needed > 0 && !machine.in_device_memory(workspace, needed))) {
    return "the workspace is smaller than the algorithm needs, or not device memory";
  }
  return nullptr;
}

}  // namespace

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                              const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                              const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  Machine& machine = emulation::machine();
  cublasLtMatmulHeuristicResult_t checked{};
  if (algorithm == nullptr) {
    cublasLtMatmulPreferenceOpaque_t preference;
    preference.most_workspace_bytes = workspace_bytes;
    std::fill_n(preference.alignment, 4, 1U);
    int count = 0;
    const cublasStatus_t found =
        cublasLtMatmulAlgoGetHeuristic(handle, operation, a_layout, b_layout, c_layout, d_layout,
                                       &preference, 1, &checked, &count);
    if (found != CUBLAS_STATUS_SUCCESS) return found;
    algorithm = &checked.algo;
  }
  const cublasLtMatmulAlgo_t chosen = *algorithm;
  const cublasStatus_t status = cublasLtMatmulAlgoCheck(handle, operation, a_layout, b_layout,
                                                        c_layout, d_layout, &chosen, &checked);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  const std::lock_guard lock(machine.mutex);
  if (machine.before("cublasLtMatmul") != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (machine.check_current("cublasLtMatmul", stream) != cudaSuccess)
    return CUBLAS_STATUS_INVALID_VALUE;
  const Product product = {*operation,
                           *a_layout,
                           *b_layout,
                           *c_layout,
                           *d_layout,
                           a,
                           b,
                           c,
                           d,
                           scalar(alpha, operation->scale),
                           scalar(beta, operation->scale),
                           static_cast<Summation>(inside(chosen).summation)};
  const char* const wrong =
      wrong_memory(machine, product, inside(chosen), workspace, workspace_bytes);
  if (wrong != nullptr) {
    machine.fault(std::string("cublasLtMatmul: ") + wrong);
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  ++machine.counts.products;
  const cudaError_t queued = machine.enqueue(stream, [product] {
    emulation::multiply(product);
    return emulation::Progress::done;
  });
  return queued == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
