// How long attention takes by each way: where the crossover lies.
#pragma once

#include "kernels/cuda_plugin.h"

namespace headsweep::cuda {

/// See CudaPlugin::time_attention.
AttentionTimes time_attention(int gpu, Rung rung, AttentionShape shape);

}  // namespace headsweep::cuda
