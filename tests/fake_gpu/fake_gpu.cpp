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

class FakeGpuBackend final : public Backend {
 public:
  FakeGpuBackend(int gpu, std::unique_ptr<Backend> backend)
      : gpu_(gpu), backend_(std::move(backend)) {}

  DeviceInfo info() const override {
    DeviceInfo info = backend_->info();
    info.kind = "fake " + generation() + " " + info.kind;
    info.description = fmt::format("fake GPU ({})", info.description);
    info.memory = Memory::device;
    return info;
  }
  Element element() const override { return backend_->element(); }
  void wait() override { backend_->wait(); }
  std::shared_ptr<void> allocate_bytes(std::int64_t bytes) override {
    void* memory = nullptr;
    check(cudaSetDevice(gpu_));
    check(cudaMalloc(&memory, static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1))));
    return {memory, [](void* taken) { cudaFree(taken); }};
  }
  void copy_to_device(std::span<const std::byte> host, void* device) override {
    backend_->copy_to_device(host, device);
  }
  void copy_to_host(const void* device, std::span<std::byte> host) override {
    backend_->copy_to_host(device, host);
  }
  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs) override {
    return backend_->packed_bytes(inputs, outputs);
  }
  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory) override {
    backend_->pack_into(weight, inputs, outputs, bias, memory);
  }
  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                       std::int64_t outputs) override {
    return backend_->packed_weight(std::move(memory), inputs, outputs);
  }
  Weight part_of(const Weight& whole, std::span<const int> rows,
                 std::span<const int> columns) override {
    return backend_->part_of(whole, rows, columns);
  }
  void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) override {
    backend_->matmul(in, weight, epilogue, out);
  }
  void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out) override {
    backend_->layer_norm(in, scale, epsilon, out);
  }
  void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
                 const HeadFill& fill, Matrix z) override {
    backend_->attention(sequences, heads, queries, q, k, v, fill, z);
  }
  void replace_heads(const HeadFill& fill, Matrix from, Matrix to) override {
    backend_->replace_heads(fill, from, to);
  }
  void add_rows(Matrix values, const int* row, Matrix x) override {
    backend_->add_rows(values, row, x);
  }
  void gather_rows(Matrix in, const int* row, Matrix out) override {
    backend_->gather_rows(in, row, out);
  }
  void row_dots(Matrix a, Matrix b, double* out) override { backend_->row_dots(a, b, out); }

 private:
  int gpu_;
  std::unique_ptr<Backend> backend_;
};

std::string libraries() { return "an emulated CUDA"; }

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

std::unique_ptr<Backend> make_backend(int gpu, Rung rung, std::int64_t) {
  return std::make_unique<FakeGpuBackend>(gpu, cpu::make_backend(1, rung));
}

GpuLimits measure_limits(int) { return {}; }

}  // namespace
}  // namespace headsweep

extern "C" [[gnu::visibility("default")]] const headsweep::CudaPlugin* headsweep_cuda_plugin() {
  using namespace headsweep;
  static const std::string version = told() == "old" ? "0.0.1" : std::string(program_version);
  static const CudaPlugin plugin = {version.c_str(), libraries,    find_gpus,
                                    free_bytes,      make_backend, measure_limits};
  return &plugin;
}
