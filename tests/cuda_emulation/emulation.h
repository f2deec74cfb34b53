// What a test may ask of the emulated GPUs: the order of threads, what was counted, errors to come,
// faults that were seen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <cuda_runtime.h>

namespace emulation {

// In which order the blocks of a launch and the threads of a block that can go on are taken: 0
// ascending, 1 descending, any other number at random, by that seed. HEADSWEEP_EMULATED_ORDER sets
// what it is at the start.
void set_order(unsigned seed);

struct Counters {
  long launches;  // kernels launched or captured, not those that a graph repeats
  long graph_launches;
  long graphs_instantiated;
  long mallocs;                   // cudaMalloc, successful
  long pinned_mallocs;            // cudaMallocHost, cudaHostAlloc
  long copies;                    // cudaMemcpyAsync, called or captured
  long products;                  // cublasLtMatmul, called or captured
  long synchronizations;          // of streams, events and devices
  std::size_t bytes_in_use;       // device memory, all GPUs
  std::size_t peak_bytes_in_use;  // since reset()
};
Counters counters();

// Counters become 0 (but for the bytes in use), faults are forgotten, a fail_next() that has not
// come is dropped, and the environment is read anew.
void reset();

// The next call of the function with that name ("cudaMalloc", "cudaLaunchKernelEx",
// "cublasLtMatmul") does nothing and returns the error; of a cuBLASLt, cuDNN or NCCL function: its
// status for a failed execution, whatever the error.
void fail_next(std::string_view call, cudaError_t error);

// What the emulation found wrong since reset(), one line each (also written to standard error);
// empty: nothing.
std::string faults();

}  // namespace emulation
