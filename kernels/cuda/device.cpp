#include "kernels/cuda/device.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/check.h"
#include "kernels/device_error.h"

namespace headsweep::cuda {
namespace {

/// Why there is no GPU, and what to do.
[[noreturn]] void refuse(cudaError_t status) {
  switch (status) {
    case cudaErrorInsufficientDriver:
      throw DeviceError(
          "no NVIDIA driver that CUDA 13 can use (580 or later): run on a node with a GPU, or set "
          "run.device: cpu");
    case cudaErrorNoDevice: {
      const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
      throw DeviceError(fmt::format(
          "there is a driver, but no GPU that this process may use{}: ask the batch system for one "
          "(--gpus-per-task=1), or set run.device: cpu",
          visible == nullptr ? "" : fmt::format(" (CUDA_VISIBLE_DEVICES is '{}')", visible)));
    }
    default:
      check(status);
      throw DeviceError("there is no GPU");
  }
}

Gpu describe(int number) {
  cudaDeviceProp properties = {};
  check(cudaGetDeviceProperties(&properties, number));
  const auto part = [](int value) { return static_cast<unsigned>(value); };
  return {.number = number,
          .name = properties.name,
          .identity = fmt::format("{:04X}:{:02X}:{:02X}", part(properties.pciDomainID),
                                  part(properties.pciBusID), part(properties.pciDeviceID)),
          .generation = fmt::format("sm_{}{}", properties.major, properties.minor),
          .memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem)};
}

/// What a block of a GPU's memory is asked for with: says how much there is if it does not suffice.
void* take_block(const Gpu& gpu, std::int64_t bytes) {
  void* block = nullptr;
  const cudaError_t status = cudaMalloc(&block, static_cast<std::size_t>(bytes));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // is not to be found by the next call
    throw DeviceMemoryError(fmt::format(
        "GPU {} ({}) has not enough memory: {:.0f} MB more are needed, {:.0f} of {:.0f} MB are "
        "free; use a larger one, fewer prompts, or one precision (run.precision: fp32)",
        gpu.number, gpu.name, static_cast<double>(bytes) / 1e6,
        static_cast<double>(free_bytes(gpu.number)) / 1e6,
        static_cast<double>(gpu.memory_bytes) / 1e6));
  }
  check(status);
  return block;
}

}  // namespace

std::vector<Gpu> find_gpus() {
  int count = 0;  // not written where there is no driver
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess) refuse(status);
  if (count == 0) refuse(cudaErrorNoDevice);
  std::vector<Gpu> gpus;
  for (int number = 0; number < count; ++number) gpus.push_back(describe(number));
  return gpus;
}

std::int64_t free_bytes(int gpu) {
  check(cudaSetDevice(gpu));
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total));
  return static_cast<std::int64_t>(free);
}

std::shared_ptr<Device> Device::open(int gpu, std::int64_t reserve_bytes) {
  static std::mutex alone;
  static std::map<int, std::weak_ptr<Device>> open_ones;
  const std::lock_guard lock(alone);
  std::shared_ptr<Device> device = open_ones[gpu].lock();
  if (!device) {
    const std::vector<Gpu> gpus = find_gpus();
    const auto found = std::ranges::find(gpus, gpu, &Gpu::number);
    if (found == gpus.end())
      throw DeviceError(fmt::format("there is no GPU {}: there are {}", gpu, gpus.size()));
    device.reset(new Device(*found, reserve_bytes));
    open_ones[gpu] = device;
  }
  device->arena_.reserve(reserve_bytes);
  return device;
}

Device::Device(Gpu gpu, std::int64_t reserve_bytes)
    : gpu_(std::move(gpu)),
      arena_({[this](std::int64_t bytes) { return take_block(gpu_, bytes); },
              [](void* block) { cudaFree(block); }}) {
  make_current();
  check(cudaStreamCreateWithFlags(stream_.fill(), cudaStreamNonBlocking));
  check(cublasLtCreate(cublas_.fill()));
  arena_.reserve(reserve_bytes + product_workspace_bytes);
  // Not through allocate(): the device would own itself.
  product_workspace_ = {arena_.allocate(product_workspace_bytes),
                        [this](void* memory) { arena_.release(memory); }};
  prepare_attention();
}

Device::~Device() {
  cudaSetDevice(gpu_.number);
  cudaStreamSynchronize(stream_.get());
}

void Device::make_current() const { check(cudaSetDevice(gpu_.number)); }

cudnnHandle_t Device::cudnn() {
  if (cudnn_.get() == nullptr) {
    make_current();
    Owner<cudnnHandle_t, cudnnDestroy> fresh;
    check(cudnnCreate(fresh.fill()));
    check(cudnnSetStream(fresh.get(), stream_.get()));
    cudnn_ = std::move(fresh);
  }
  return cudnn_.get();
}

std::shared_ptr<void> Device::allocate(std::int64_t bytes) {
  make_current();
  return {arena_.allocate(bytes),
          [device = shared_from_this()](void* memory) { device->arena_.release(memory); }};
}

void* Device::workspace(std::int64_t bytes) {
  if (bytes > workspace_bytes_) {
    make_current();
    workspace_.reset();
    workspace_ = {arena_.allocate(bytes), [this](void* memory) { arena_.release(memory); }};
    workspace_bytes_ = bytes;
  }
  return workspace_.get();
}

void Device::launch() {
  make_current();
  chain_.launch(stream_.get());
}

void Device::copy_to_device(std::span<const std::byte> host, void* device) {
  launch();
  staging_.copy_to_device(stream_.get(), host, device);
}

void Device::copy_to_host(const void* device, std::span<std::byte> host) {
  launch();
  staging_.copy_to_host(stream_.get(), device, host);
}

void Device::wait() {
  launch();
  check(cudaStreamSynchronize(stream_.get()));
}

}  // namespace headsweep::cuda
