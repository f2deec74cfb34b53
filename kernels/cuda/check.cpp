#include "kernels/cuda/check.h"

#include <fmt/format.h>

#include "kernels/device_error.h"

namespace headsweep::cuda {

void check(cudaError_t status, std::source_location where) {
  if (status == cudaSuccess) return;
  const auto message =
      fmt::format("CUDA: {} ({})", cudaGetErrorString(status), cudaGetErrorName(status));
  if (status == cudaErrorMemoryAllocation) throw DeviceMemoryError(message, where);
  throw DeviceError(message, where);
}

void check(cublasStatus_t status, std::source_location where) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw DeviceError(fmt::format("cuBLASLt: {}", cublasLtGetStatusString(status)), where);
}

void check(cudnnStatus_t status, std::source_location where) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw DeviceError(fmt::format("cuDNN: {}", cudnnGetErrorString(status)), where);
}

}  // namespace headsweep::cuda
