#include "model/device.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include <fmt/format.h>

#include "io/errors.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/device_error.h"

namespace headsweep {
namespace {

/// The GPU of a process among those that it may use, or why there is none.
struct FoundGpu {
  std::optional<Gpu> gpu;
  std::string reason;
};

FoundGpu find_gpu(int rank_on_node) {
  const LoadedPlugin& plugin = cuda_plugin();
  if (plugin.functions == nullptr) return {std::nullopt, plugin.reason};
  try {
    const std::vector<Gpu> gpus = plugin.functions->find_gpus();
    assert(!gpus.empty());
    Gpu gpu = gpus[static_cast<std::size_t>(rank_on_node) % gpus.size()];
    gpu.free_bytes = plugin.functions->free_bytes(gpu.number);
    return {gpu, ""};
  } catch (const DeviceError& error) {
    return {std::nullopt, error.what()};
  }
}

/// The processor, and why, if a GPU could be expected.
Device processor(const DeviceRequest& request, const std::string& reason) {
  return {std::nullopt, request.threads, reason.empty() ? "" : "no GPU: " + reason, 0};
}

Device find_automatically(const DeviceRequest& request) {
  switch (gpu_outlook()) {
    case GpuOutlook::no_plugin:
      return processor(request, "");
    case GpuOutlook::no_driver:
      return processor(request, "this machine has no NVIDIA driver");
    case GpuOutlook::likely:
      break;
  }
  const FoundGpu found = find_gpu(request.rank_on_node);
  return found.gpu ? Device{found.gpu, request.threads, "", 0} : processor(request, found.reason);
}

Device find_cuda(const DeviceRequest& request) {
  const FoundGpu found = find_gpu(request.rank_on_node);
  if (found.gpu) return {found.gpu, request.threads, "", 0};
  throw MachineError(
      fmt::format("run.device is cuda, but no GPU can be used: {}. Use a machine with one, or "
                  "run.device: auto (a GPU where there is one) or cpu",
                  found.reason));
}

}  // namespace

Device find_device(const DeviceRequest& request) {
  switch (request.choice) {
    case DeviceChoice::automatic:
      return find_automatically(request);
    case DeviceChoice::cpu:
      return processor(request, "");
    case DeviceChoice::cuda:
      return find_cuda(request);
  }
  return {};
}

std::vector<Rung> rungs_of_gpus() { return {Rung::bf16, Rung::bf16x3, Rung::fp32, Rung::fp64}; }

std::vector<Rung> available_rungs(const Device& device) {
  return device.gpu ? rungs_of_gpus() : cpu::available_rungs();
}

std::unique_ptr<Backend> open_device(const Device& device, Rung rung) {
  if (device.gpu)
    return cuda_plugin().functions->make_backend(device.gpu->number, rung, device.reserve_bytes);
  const std::vector<Rung> rungs = available_rungs(device);
  if (std::ranges::find(rungs, rung) == rungs.end())
    throw UserError(
        fmt::format("this processor does not compute in {}, which needs AMX or AVX512-BF16: choose "
                    "run.precision: fp32 or fp64, or use nodes of one kind",
                    name_of(rung)));
  return cpu::make_backend(device.threads, rung);
}

}  // namespace headsweep
