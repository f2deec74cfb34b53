// A plugin that stands in for CUDA's: the CPU backend, with its numbers in the memory of emulated
// GPUs (tests/cuda_emulation, which says how the environment sets the machine).
//
// HEADSWEEP_FAKE_GPU=old: it belongs to another version of the program.
// HEADSWEEP_FAKE_GPU=other-N: rank N's GPUs are of another generation.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "headsweep/version.h"
#include <cuda_runtime.h>
#include <fmt/format.h>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/cuda_plugin.h"
#include "kernels/device_error.h"
#include "tests/forwarding_backend.h"

namespace headsweep {
namespace {

void check(cudaError_t status) {
  if (status == cudaSuccess) return;
  const auto message = fmt::format("CUDA: {}", cudaGetErrorString(status));
  if (status == cudaErrorMemoryAllocation) throw DeviceMemoryError(message);
  throw DeviceError(message);
}

std::string told() {
  const char* text = std::getenv("HEADSWEEP_FAKE_GPU");
  return text == nullptr ? "" : text;
}

std::string generation() {
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return rank != nullptr && told() == "other-" + std::string(rank) ? "sm_80" : "sm_90";
}

class FakeGpuBackend final : public ForwardingBackend {
 public:
  FakeGpuBackend(int gpu, std::unique_ptr<Backend> backend)
      : ForwardingBackend(std::move(backend)), gpu_(gpu) {}

  DeviceInfo info() const override {
    DeviceInfo info = ForwardingBackend::info();
    info.kind = "fake " + generation() + " " + info.kind;
    info.description = fmt::format("fake GPU ({})", info.description);
    info.memory = Memory::device;
    info.long_rows = 512;
    return info;
  }
  std::shared_ptr<void> allocate_bytes(std::int64_t bytes) override {
    void* memory = nullptr;
    check(cudaSetDevice(gpu_));
    check(cudaMalloc(&memory, static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1))));
    return {memory, [](void* taken) { cudaFree(taken); }};
  }

 private:
  int gpu_;
};

std::vector<Gpu> find_gpus() {
  int count = 0;
  check(cudaGetDeviceCount(&count));
  std::vector<Gpu> gpus;
  for (int number = 0; number < count; ++number) {
    char place[32] = {};
    check(cudaDeviceGetPCIBusId(place, sizeof place, number));
    gpus.push_back(
        {.number = number, .name = "fake GPU", .identity = place, .generation = generation()});
  }
  return gpus;
}

std::int64_t free_bytes(int gpu) {
  check(cudaSetDevice(gpu));
  std::size_t free = 0, all = 0;
  check(cudaMemGetInfo(&free, &all));
  return static_cast<std::int64_t>(free);
}

/// On a rung that the processor has not, what fp32 computes.
std::unique_ptr<Backend> make_backend(int gpu, Rung rung, std::int64_t) {
  const std::vector<Rung> rungs = cpu::available_rungs();
  if (std::ranges::find(rungs, rung) == rungs.end()) rung = Rung::fp32;
  return std::make_unique<FakeGpuBackend>(gpu, cpu::make_backend(1, rung));
}

GpuLimits measure_limits(int) { return {}; }

CudaVersions versions() { return {"13.0", "13.0", "13.1.0", "9.19.0"}; }

/// As a GPU's could be: the own kernel's goes with the square of the length, and has lost at 300.
AttentionTimes time_attention(int, Rung, AttentionShape shape) {
  return {1e-6 * shape.rows * shape.rows / 300, 1e-6 * shape.rows};
}

}  // namespace
}  // namespace headsweep

extern "C" [[gnu::visibility("default")]] const headsweep::CudaPlugin* headsweep_cuda_plugin() {
  using namespace headsweep;
  static const std::string version = told() == "old" ? "0.0.1" : std::string(program_version);
  static const CudaPlugin plugin = {version.c_str(), find_gpus,      free_bytes, make_backend,
                                    measure_limits,  time_attention, versions};
  return &plugin;
}
