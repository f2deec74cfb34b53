#include "kernels/cuda/libraries.h"

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>
#include <fmt/format.h>

#include "kernels/cuda/check.h"

namespace headsweep::cuda {

std::string libraries() {
  int runtime = 0;
  check(cudaRuntimeGetVersion(&runtime));
  const std::size_t cublas = cublasLtGetVersion(), cudnn = cudnnGetVersion();
  return fmt::format("CUDA {}.{}, cuBLASLt {}.{}.{}, cuDNN {}.{}.{}", runtime / 1000,
                     runtime % 1000 / 10, cublas / 10000, cublas / 100 % 100, cublas % 100,
                     cudnn / 10000, cudnn / 100 % 100, cudnn % 100);
}

}  // namespace headsweep::cuda
