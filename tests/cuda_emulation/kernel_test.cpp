// Kernels on the emulated GPU: threads, barriers, exchanges within a warp, shared memory, and the
// faults that are found.
#include <chrono>
#include <cmath>
#include <cstddef>
#include <vector>

#include <cuda_runtime.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cuda_emulation/emulation.h"
#include "tests/cuda_emulation/gpu_test.h"

namespace headsweep::cuda {

extern __shared__ __align__(16) unsigned char shared_memory[];

namespace {

using testing::HasSubstr;

__global__ void number_threads(int* out) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] =
      static_cast<int>(block * 1000 + thread);
}

// out[block] = sum over the block's threads of in, through shared memory, as a tree.
__global__ void __launch_bounds__(256)
    sum_blocks(const float* __restrict__ in, float* __restrict__ out) {
  auto* const sums = reinterpret_cast<float*>(shared_memory);
  sums[threadIdx.x] = in[blockIdx.x * blockDim.x + threadIdx.x];
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
  }
  if (threadIdx.x == 0) out[blockIdx.x] = sums[0];
}

// Lacks the barrier between the write and the read of another thread's element.
__global__ void rotate_without_barrier(float* out) {
  auto* const values = reinterpret_cast<float*>(shared_memory);
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
  out[threadIdx.x] = values[(threadIdx.x + 1) % blockDim.x];
}

__global__ void exchange_in_warps(double* sums, int* ups, int* downs, unsigned* ballots,
                                  float* groups) {
  const auto thread = static_cast<int>(threadIdx.x);
  double sum = thread;
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(0xffffffffU, sum, lanes);
  sums[thread] = sum;
  ups[thread] = __shfl_up_sync(0xffffffffU, thread, 1);
  downs[thread] = __shfl_down_sync(0xffffffffU, thread, 2);
  ballots[thread] = __ballot_sync(0xffffffffU, thread % 3 == 0 ? 1 : 0);
  groups[thread] = __shfl_sync(0xffffffffU, static_cast<float>(thread), 1, 8);
  __syncwarp();
}

__global__ void return_before_barrier() {
  if (threadIdx.x == 5) return;
  __syncthreads();
}

__global__ void leave_lane_out() {
  if (threadIdx.x != 7) __shfl_sync(0xffffffffU, 1.0F, 0);
}

__global__ void read_lane_outside_of_mask() {
  if (threadIdx.x < 16) __shfl_sync(0xffffU, 1, 20);
}

__global__ void eight_barriers(int* out) {
  for (int i = 0; i < 8; ++i) __syncthreads();
  out[threadIdx.x] = 1;
}

__global__ void read_shared(float* out) {
  out[0] = reinterpret_cast<const float*>(shared_memory)[0];
}

class Kernels : public emulation::GpuTest {
 protected:
  // What waiting for the kernel returns.
  template <class Kernel>
  cudaError_t run(Kernel* kernel, dim3 block) {
    const cudaLaunchConfig_t launch = config(1, block);
    EXPECT_EQ(cudaLaunchKernelEx(&launch, kernel), cudaSuccess);
    return cudaStreamSynchronize(stream);
  }
};

TEST_F(Kernels, EveryThreadOfAGridRunsOnceInEveryOrder) {
  int* const out = device_memory<int>(24 * 24);
  for (const unsigned order : {0U, 1U, 7U}) {
    emulation::set_order(order);
    const cudaLaunchConfig_t launch = config(dim3(2, 3, 4), dim3(4, 3, 2));
    ASSERT_EQ(cudaLaunchKernelEx(&launch, number_threads, out), cudaSuccess);
    const std::vector<int> numbers = read(out, 24 * 24);
    for (int i = 0; i < 24 * 24; ++i)
      ASSERT_EQ(numbers[i], i / 24 * 1000 + i % 24) << "order " << order;
  }
}

TEST_F(Kernels, BarriersHoldInEveryOrder) {
  std::vector<float> in(4 * 256);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i % 97) / 8;
  float* const device_in = device_memory<float>(in.size());
  float* const out = device_memory<float>(4);
  ASSERT_EQ(cudaMemcpyAsync(device_in, in.data(), in.size() * sizeof(float), cudaMemcpyHostToDevice,
                            stream),
            cudaSuccess);
  for (const unsigned order : {0U, 1U, 2U, 3U}) {
    emulation::set_order(order);
    const cudaLaunchConfig_t launch = config(4, 256, 256 * sizeof(float));
    ASSERT_EQ(cudaLaunchKernelEx(&launch, sum_blocks, device_in, out), cudaSuccess);
    const std::vector<float> sums = read(out, 4);
    for (std::size_t block = 0; block < 4; ++block) {
      float expected = 0;
      for (std::size_t i = 0; i < 256; ++i) expected += in[block * 256 + i];
      EXPECT_EQ(sums[block], expected);  // eighths: exact in any order
    }
  }
}

TEST_F(Kernels, ARaceShowsInAnotherOrder) {
  float* const out = device_memory<float>(64);
  std::vector<std::vector<float>> results;
  for (const unsigned order : {0U, 1U, 5U}) {
    emulation::set_order(order);
    const cudaLaunchConfig_t launch = config(1, 64, 64 * sizeof(float));
    ASSERT_EQ(cudaLaunchKernelEx(&launch, rotate_without_barrier, out), cudaSuccess);
    results.push_back(read(out, 64));
  }
  EXPECT_TRUE(
      std::isnan(results[0][0]));  // read before it was written: shared memory starts as NaN
  EXPECT_EQ(results[1][0], 1.0F);
  EXPECT_TRUE(std::isnan(results[2][0]) || results[2] != results[1]);
}

TEST_F(Kernels, WarpsExchangeValuesAsCudaDefinesIt) {
  auto* const sums = device_memory<double>(64);
  auto* const ups = device_memory<int>(64);
  auto* const downs = device_memory<int>(64);
  auto* const ballots = device_memory<unsigned>(64);
  auto* const groups = device_memory<float>(64);
  for (const unsigned order : {0U, 1U, 3U}) {
    emulation::set_order(order);
    const cudaLaunchConfig_t launch = config(1, 64);
    ASSERT_EQ(cudaLaunchKernelEx(&launch, exchange_in_warps, sums, ups, downs, ballots, groups),
              cudaSuccess);
    EXPECT_EQ(read(sums, 64)[5], 31 * 16);
    EXPECT_EQ(read(sums, 64)[37], 31 * 16 + 32 * 32);
    EXPECT_EQ(read(ups, 64)[33], 32);
    EXPECT_EQ(read(ups, 64)[32], 32);
    EXPECT_EQ(read(downs, 64)[10], 12);
    EXPECT_EQ(read(downs, 64)[31], 31);
    EXPECT_EQ(read(ballots, 64)[3], 0x49249249U);
    EXPECT_EQ(read(groups, 64)[14], 9.0F);
  }
}

TEST_F(Kernels, AThreadThatReturnedBeforeABarrierIsReported) {
  EXPECT_EQ(run(return_before_barrier, 64), cudaErrorLaunchFailure);
  EXPECT_THAT(emulation::faults(),
              HasSubstr("63 wait at __syncthreads, 0 in a warp's exchange, 1 have returned"));
  EXPECT_THAT(emulation::faults(), HasSubstr("block (0, 0, 0)"));
  void* address = nullptr;
  EXPECT_EQ(cudaMalloc(&address, 8), cudaErrorLaunchFailure);  // lasts, as on a GPU
}

TEST_F(Kernels, AMissingLaneIsReported) {
  EXPECT_EQ(run(leave_lane_out, 32), cudaErrorLaunchFailure);
  EXPECT_THAT(emulation::faults(), HasSubstr("31 in a warp's exchange, 1 have returned"));
}

TEST_F(Kernels, ALaneOutsideOfTheMaskIsReported) {
  EXPECT_EQ(run(read_lane_outside_of_mask, 32), cudaErrorLaunchFailure);
  EXPECT_THAT(emulation::faults(), HasSubstr("asks for the value of lane 20"));
}

TEST_F(Kernels, ALaunchThatAGpuRefusesIsRefused) {
  float* const out = device_memory<float>(1);
  const auto launched = [&](dim3 grid, dim3 block, std::size_t shared_bytes) {
    const cudaLaunchConfig_t launch = config(grid, block, shared_bytes);
    const cudaError_t error = cudaLaunchKernelEx(&launch, read_shared, out);
    EXPECT_EQ(cudaGetLastError(), error);
    return error;
  };
  EXPECT_EQ(launched(0, 32, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launched(1, 0, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launched(1, 1025, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launched(dim3(1, 65536), 32, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launched(1, 1, 48 * 1024), cudaSuccess);
  EXPECT_EQ(launched(1, 1, 48 * 1024 + 1), cudaErrorInvalidValue);
  EXPECT_EQ(
      cudaFuncSetAttribute(read_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 * 1024),
      cudaSuccess);
  EXPECT_EQ(launched(1, 1, 227 * 1024), cudaSuccess);
  EXPECT_EQ(cudaFuncSetAttribute(read_shared, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 227 * 1024 + 1),
            cudaErrorInvalidValue);
  EXPECT_TRUE(std::isnan(read(out, 1)[0]));
}

TEST_F(Kernels, ABlockWithBarriersTakesWellBelowAMillisecond) {
  int* const out = device_memory<int>(256);
  const cudaLaunchConfig_t launch = config(20, 256);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(cudaLaunchKernelEx(&launch, eight_barriers, out), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("microseconds_per_block", static_cast<int>(seconds / 20 * 1e6));
  EXPECT_LT(seconds, 2.0);  // 0.1 s a block would still do; this only finds a blunder
}

}  // namespace
}  // namespace headsweep::cuda
