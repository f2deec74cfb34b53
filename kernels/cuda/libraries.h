// The CUDA libraries that are loaded.
#pragma once

#include <string>

#include "kernels/cuda_plugin.h"

namespace headsweep::cuda {

/// "CUDA 13.0, cuBLASLt 13.1.0": what bits depend on besides the GPU.
std::string libraries();

CudaVersions versions();

}  // namespace headsweep::cuda
