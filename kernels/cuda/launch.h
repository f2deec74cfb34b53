// The one place where kernels are launched.
#pragma once

#include <cstdint>
#include <source_location>
#include <utility>

#include <cuda_runtime.h>

#include "kernels/cuda/check.h"

namespace headsweep::cuda {

struct LaunchShape {
  std::int64_t blocks = 0;
  int threads = 0;
  std::int64_t shared_bytes = 0;
};

/// Puts a kernel on the stream; nothing if there are no blocks.
template <class... Parameters, class... Arguments>
void launch(cudaStream_t stream, LaunchShape shape, void (*kernel)(Parameters...),
            Arguments&&... arguments) {
  if (shape.blocks == 0) return;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(shape.blocks));
  config.blockDim = dim3(static_cast<unsigned>(shape.threads));
  config.dynamicSmemBytes = static_cast<std::size_t>(shape.shared_bytes);
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...));
}

}  // namespace headsweep::cuda
