// Launches: what the real runtime would refuse, and the run of a grid, block after block.
#include <cstdio>
#include <cstdlib>

#include <cxxabi.h>
#include <dlfcn.h>

#include "tests/cuda_emulation/block.h"
#include "tests/cuda_emulation/machine.h"

namespace emulation {
namespace {

constexpr unsigned most_grid_x = 0x7fffffff;
constexpr unsigned most_grid_yz = 65535;
constexpr unsigned most_block_z = 64;

// The kernel's name where the linker keeps it, otherwise where it lies (for addr2line).
std::string kernel_name(const void* kernel) {
  Dl_info found{};
  if (dladdr(kernel, &found) == 0) return "a kernel";
  if (found.dli_sname != nullptr && found.dli_saddr == kernel) {
    int status = 0;
    char* const readable = abi::__cxa_demangle(found.dli_sname, nullptr, nullptr, &status);
    std::string name = status == 0 ? readable : found.dli_sname;
    std::free(readable);
    return name;
  }
  const auto offset = static_cast<const char*>(kernel) - static_cast<const char*>(found.dli_fbase);
  char text[32];
  std::snprintf(text, sizeof(text), "+0x%tx", offset);
  return std::string("kernel at ") + found.dli_fname + text;
}

cudaError_t check_launch(Machine& machine, const cudaLaunchConfig_t& config, const void* kernel) {
  const dim3 grid = config.gridDim;
  const dim3 block = config.blockDim;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x == 0 || block.y == 0 || block.z == 0) {
    return cudaErrorInvalidConfiguration;
  }
  if (grid.x > most_grid_x || grid.y > most_grid_yz || grid.z > most_grid_yz ||
      block.z > most_block_z || std::size_t{block.x} * block.y * block.z > most_block_threads) {
    return cudaErrorInvalidConfiguration;
  }
  const auto opted = machine.most_dynamic_shared_bytes.find(kernel);
  const std::size_t most = opted == machine.most_dynamic_shared_bytes.end()
                               ? default_shared_bytes
                               : static_cast<std::size_t>(opted->second);
  if (config.dynamicSmemBytes > most) return cudaErrorInvalidValue;
  return config.numAttrs == 0 ? cudaSuccess : cudaErrorNotSupported;
}

uint3 place(std::size_t index, dim3 size) {
  return {static_cast<unsigned>(index % size.x), static_cast<unsigned>(index / size.x % size.y),
          static_cast<unsigned>(index / size.x / size.y)};
}

void run_grid(Machine& machine, const cudaLaunchConfig_t& config, const void* kernel,
              const std::function<void()>& thread) {
  Order order(machine.order);
  std::vector<std::uint32_t> blocks;
  order.permute(std::size_t{config.gridDim.x} * config.gridDim.y * config.gridDim.z, blocks);
  gridDim = config.gridDim;
  blockDim = config.blockDim;
  for (const std::uint32_t index : blocks) {
    blockIdx = place(index, config.gridDim);
    const std::string fault = block().run(config.blockDim, config.dynamicSmemBytes, order, thread);
    if (fault.empty()) continue;
    machine.fault(kernel_name(kernel) + ", block (" + std::to_string(blockIdx.x) + ", " +
                  std::to_string(blockIdx.y) + ", " + std::to_string(blockIdx.z) + "): " + fault);
    machine.lasting_error = cudaErrorLaunchFailure;
    return;
  }
}

}  // namespace

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel,
                   std::function<void()> thread) {
  return runtime_call("cudaLaunchKernelEx", [&](Machine& machine) {
    cudaError_t error = machine.check_current("cudaLaunchKernelEx", config.stream);
    if (error == cudaSuccess) error = check_launch(machine, config, kernel);
    if (error != cudaSuccess) return error;
    ++machine.counts.launches;
    return machine.enqueue(config.stream, [&machine, config, kernel, thread = std::move(thread)] {
      run_grid(machine, config, kernel, thread);
      return Progress::done;
    });
  });
}

cudaError_t set_function_attribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  return runtime_call("cudaFuncSetAttribute", [&](Machine& machine) {
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
    if (value < 0 || static_cast<std::size_t>(value) > most_shared_bytes)
      return cudaErrorInvalidValue;
    machine.most_dynamic_shared_bytes[kernel] = value;
    return cudaSuccess;
  });
}

cudaError_t get_function_attributes(cudaFuncAttributes* attributes, const void* kernel) {
  return runtime_call("cudaFuncGetAttributes", [&](Machine& machine) {
    const auto opted = machine.most_dynamic_shared_bytes.find(kernel);
    *attributes = {};
    attributes->maxThreadsPerBlock = static_cast<int>(most_block_threads);
    attributes->numRegs = 32;
    attributes->ptxVersion = attributes->binaryVersion = 90;
    attributes->maxDynamicSharedSizeBytes = opted == machine.most_dynamic_shared_bytes.end()
                                                ? static_cast<int>(default_shared_bytes)
                                                : opted->second;
    return cudaSuccess;
  });
}

}  // namespace emulation
