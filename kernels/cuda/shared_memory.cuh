// The shared memory of a block, as much as its launch asked for.
#pragma once

#include <cuda_runtime.h>

namespace headsweep::cuda {

extern __shared__ __align__(16) unsigned char shared_memory[];

}  // namespace headsweep::cuda
