// What the CUDA libraries return, as exceptions.
#pragma once

#include <source_location>

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>

namespace headsweep::cuda {

/// DeviceError (DeviceMemoryError if memory is what lacks) unless all went well.
void check(cudaError_t status, std::source_location where = std::source_location::current());
void check(cublasStatus_t status, std::source_location where = std::source_location::current());
void check(cudnnStatus_t status, std::source_location where = std::source_location::current());

}  // namespace headsweep::cuda
