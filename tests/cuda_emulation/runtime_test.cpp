// The emulated runtime: streams that run late, events, graphs, memory, and the machine that the
// environment describes.
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <cuda_runtime.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cuda_emulation/emulation.h"
#include "tests/cuda_emulation/gpu_test.h"

namespace {

using testing::Each;
using testing::HasSubstr;

__global__ void add(float* values, float what) { values[threadIdx.x] += what; }

class Runtime : public emulation::GpuTest {
 protected:
  void launch_add(float* values, float what, cudaStream_t on) {
    const cudaLaunchConfig_t launch = {1, 8, 0, on, nullptr, 0};
    EXPECT_EQ(cudaLaunchKernelEx(&launch, add, values, what), cudaSuccess);
  }
  float* pinned(std::size_t count) {
    float* address = nullptr;
    EXPECT_EQ(cudaMallocHost(&address, count * sizeof(float)), cudaSuccess);
    return address;
  }
  static void set_environment(const char* name, const char* value) {
    if (value == nullptr) {
      unsetenv(name);
    } else {
      setenv(name, value, 1);
    }
    emulation::reset();
  }
};

TEST_F(Runtime, AMissingSynchronisationShows) {
  float* const values = on_device(std::vector<float>(8, 1));
  float* const result = pinned(8);
  launch_add(values, 2, stream);
  ASSERT_EQ(cudaMemcpyAsync(result, values, 8 * sizeof(float), cudaMemcpyDeviceToHost, stream),
            cudaSuccess);
  EXPECT_TRUE(std::isnan(result[0]));
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_TRUE(std::isnan(result[0]));
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(result[0], 3.0F);
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(result), cudaSuccess);
}

TEST_F(Runtime, WhoAsksOftenEnoughSeesTheWorkDone) {
  float* const values = on_device(std::vector<float>(8, 1));
  launch_add(values, 2, stream);
  int questions = 1;
  while (cudaStreamQuery(stream) == cudaErrorNotReady) ++questions;
  EXPECT_GT(questions, 2);
}

TEST_F(Runtime, PinnedMemoryIsReadLateAndPageableMemoryAtTheCall) {
  float* const source = pinned(2);
  float* const from_pinned = device_memory<float>(2);
  source[0] = source[1] = 1;
  ASSERT_EQ(cudaMemcpyAsync(from_pinned, source, 8, cudaMemcpyHostToDevice, stream), cudaSuccess);
  std::vector<float> pageable(2, 1);
  float* const from_pageable = on_device(pageable);
  source[0] = 2;
  pageable[0] = 2;
  EXPECT_EQ(read(from_pinned, 2)[0], 2.0F);
  EXPECT_EQ(read(from_pageable, 2)[0], 1.0F);
  EXPECT_EQ(cudaFreeHost(source), cudaSuccess);
}

TEST_F(Runtime, ACopyBeyondItsMemoryOrInTheWrongDirectionIsRefused) {
  float* const values = device_memory<float>(4);
  std::vector<float> host(8);
  EXPECT_EQ(cudaMemcpyAsync(values, host.data(), 20, cudaMemcpyHostToDevice, stream),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(values, host.data(), 16, cudaMemcpyDeviceToHost, stream),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemsetAsync(host.data(), 0, 16, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(values, host.data(), 16, cudaMemcpyHostToDevice),
            cudaErrorInvalidResourceHandle);
  EXPECT_THAT(emulation::faults(), HasSubstr("cudaMemcpyAsync uses the default stream"));
}

TEST_F(Runtime, AStreamWaitsForAnotherOnesEvent) {
  cudaStream_t other = nullptr;
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  float* const values = on_device(std::vector<float>(8, 1));
  launch_add(values, 2, stream);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  launch_add(values, 100, stream);  // after the event: not waited for
  ASSERT_EQ(cudaStreamWaitEvent(other, event), cudaSuccess);
  float* const copy = device_memory<float>(8);
  ASSERT_EQ(cudaMemcpyAsync(copy, values, 32, cudaMemcpyDeviceToDevice, other), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  ASSERT_EQ(cudaStreamSynchronize(other), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(event), cudaSuccess);
  EXPECT_EQ(read(copy, 8)[7], 3.0F);
  EXPECT_EQ(read(values, 8)[7], 103.0F);
  float milliseconds = 0;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, event, event), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(other), cudaSuccess);
}

TEST_F(Runtime, ACapturedGraphRunsWhenItIsLaunched) {
  float* const values = on_device(std::vector<float>(8, 1));
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  launch_add(values, 1, stream);
  launch_add(values, 2, stream);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  std::size_t nodes = 0;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &nodes), cudaSuccess);
  EXPECT_EQ(nodes, 2U);
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_THAT(read(values, 8), Each(1.0F));
  for (int i = 0; i < 3; ++i) ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
  EXPECT_THAT(read(values, 8), Each(10.0F));
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_EQ(emulation::counters().launches, 2);
  EXPECT_EQ(emulation::counters().graph_launches, 3);
}

TEST_F(Runtime, WhatACaptureForbidsInvalidatesIt) {
  void* memory = nullptr;
  const auto captured_with = [&](const auto& forbidden) {
    EXPECT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
    EXPECT_EQ(forbidden(), cudaErrorStreamCaptureUnsupported);
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    EXPECT_EQ(cudaStreamIsCapturing(stream, &status), cudaSuccess);
    EXPECT_EQ(status, cudaStreamCaptureStatusInvalidated);
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(graph, nullptr);
  };
  captured_with([&] { return cudaMalloc(&memory, 8); });
  captured_with([&] { return cudaStreamSynchronize(stream); });
  captured_with([&] { return cudaStreamQuery(stream); });
}

TEST_F(Runtime, MemoryEndsAndComesBack) {
  void* all = nullptr;
  void* more = nullptr;
  set_environment("HEADSWEEP_EMULATED_GPU_MEMORY", "100000");
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  ASSERT_EQ(cudaMalloc(&all, 60000), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&more, 60000), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMemGetInfo(&free_bytes, &total_bytes), cudaSuccess);
  EXPECT_EQ(free_bytes, 40000U);
  EXPECT_EQ(cudaFree(all), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&more, 60000), cudaSuccess);
  EXPECT_EQ(cudaFree(more), cudaSuccess);
  EXPECT_EQ(cudaFree(more), cudaErrorInvalidValue);
  set_environment("HEADSWEEP_EMULATED_GPU_MEMORY", nullptr);
}

TEST_F(Runtime, TheEnvironmentSaysWhichGpusThereAre) {
  int count = -1;
  set_environment("HEADSWEEP_EMULATED_GPUS", "none");
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorInsufficientDriver);
  EXPECT_EQ(count, -1);
  set_environment("HEADSWEEP_EMULATED_GPUS", "0");
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorNoDevice);
  set_environment("HEADSWEEP_EMULATED_GPUS", "4");
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 4);
  set_environment("CUDA_VISIBLE_DEVICES", "3,1");
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 2);
  char bus_id[20];
  EXPECT_EQ(cudaDeviceGetPCIBusId(bus_id, sizeof(bus_id), 0), cudaSuccess);
  EXPECT_STREQ(bus_id, "0000:1B:00.0");
  EXPECT_EQ(cudaSetDevice(2), cudaErrorInvalidDevice);
  set_environment("CUDA_VISIBLE_DEVICES", nullptr);
  set_environment("HEADSWEEP_EMULATED_GPUS", nullptr);
}

TEST_F(Runtime, ATestOrdersTheFailureOfACall) {
  void* memory = nullptr;
  emulation::fail_next("cudaMalloc", cudaErrorECCUncorrectable);
  EXPECT_EQ(cudaMalloc(&memory, 8), cudaErrorECCUncorrectable);
  EXPECT_STREQ(cudaGetErrorName(cudaGetLastError()), "cudaErrorECCUncorrectable");
  EXPECT_EQ(cudaMalloc(&memory, 8), cudaSuccess);
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

}  // namespace
