// What a GPU can do at most, measured.
#pragma once

#include "kernels/cuda_plugin.h"

namespace headsweep::cuda {

/// Large products on each rung, large copies, long chains. Takes about a second, and 2 GB.
GpuLimits measure_limits(int gpu);

}  // namespace headsweep::cuda
