#include "kernels/cuda/libraries.h"

#include <cstddef>

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>
#include <fmt/format.h>

#include "kernels/cuda/check.h"

namespace headsweep::cuda {
namespace {

/// 13000 is "13.0".
std::string cuda_version(int number) {
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

/// 130100 is "13.1.0".
std::string library_version(std::size_t number) {
  return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

}  // namespace

CudaVersions versions() {
  int runtime = 0, driver = 0;
  check(cudaRuntimeGetVersion(&runtime));
  check(cudaDriverGetVersion(&driver));  // 0: there is none
  return {.runtime = cuda_version(runtime),
          .driver = driver == 0 ? "" : cuda_version(driver),
          .cublas_lt = library_version(cublasLtGetVersion()),
          .cudnn = library_version(cudnnGetVersion())};
}

std::string libraries() {
  const CudaVersions all = versions();
  return fmt::format("CUDA {}, cuBLASLt {}, cuDNN {}", all.runtime, all.cublas_lt, all.cudnn);
}

}  // namespace headsweep::cuda
