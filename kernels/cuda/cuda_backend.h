// The backend for NVIDIA GPUs: cuBLASLt for the matrix products, own kernels for the rest.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/backend.h"
#include "kernels/rung.h"

namespace headsweep::cuda {

/// See CudaPlugin::make_backend.
std::unique_ptr<Backend> make_backend(int gpu, Rung rung, std::int64_t reserve_bytes);

}  // namespace headsweep::cuda
