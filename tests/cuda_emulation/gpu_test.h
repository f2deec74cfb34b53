// What tests of the emulation begin with: a fresh machine, a stream, memory that is freed at the
// end.
#pragma once

#include <cstddef>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "tests/cuda_emulation/emulation.h"

namespace emulation {

// Between -0.5 and 0.5.
template <class T>
std::vector<T> numbers(std::size_t count, unsigned seed) {
  std::vector<T> values(count);
  for (T& value : values) {
    seed = seed * 1664525U + 1013904223U;
    value = static_cast<T>(static_cast<double>(seed >> 16) / 65536.0 - 0.5);
  }
  return values;
}

class GpuTest : public testing::Test {
 public:
  ~GpuTest() override {
    reset();  // a fault that the test was about must not keep the memory
    set_order(0);
    EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
    for (void* const address : allocated_) EXPECT_EQ(cudaFree(address), cudaSuccess);
  }

 protected:
  GpuTest() {
    reset();
    EXPECT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  }

  template <class T>
  T* device_memory(std::size_t count) {
    T* address = nullptr;
    EXPECT_EQ(cudaMalloc(&address, count * sizeof(T)), cudaSuccess);
    allocated_.push_back(address);
    return address;
  }
  template <class T>
  T* on_device(const std::vector<T>& values) {
    T* const address = device_memory<T>(values.size());
    EXPECT_EQ(cudaMemcpyAsync(address, values.data(), values.size() * sizeof(T),
                              cudaMemcpyHostToDevice, stream),
              cudaSuccess);
    return address;
  }
  template <class T>
  std::vector<T> read(const T* from, std::size_t count) {
    std::vector<T> to(count);
    EXPECT_EQ(cudaMemcpyAsync(to.data(), from, count * sizeof(T), cudaMemcpyDeviceToHost, stream),
              cudaSuccess);
    return to;
  }
  cudaLaunchConfig_t config(dim3 grid, dim3 block, std::size_t shared_bytes = 0) const {
    return {grid, block, shared_bytes, stream, nullptr, 0};
  }

  cudaStream_t stream = nullptr;

 private:
  std::vector<void*> allocated_;
};

}  // namespace emulation
