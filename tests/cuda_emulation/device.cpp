// Errors and the queries about GPUs.
#include <cstdio>

#include "tests/cuda_emulation/machine.h"

using emulation::current_device;
using emulation::last_error;
using emulation::Machine;
using emulation::runtime_call;

namespace {

constexpr int cuda_version = 13000;
constexpr int multiprocessors = 8;  // few: what is sized by their number stays cheap
constexpr int l2_cache_bytes = 4 << 20;
constexpr int first_bus = 0x18;

bool exists(const Machine& machine, int device) {
  return device >= 0 && device < static_cast<int>(machine.gpus.size());
}

int bus(const Machine& machine, int device) { return first_bus + machine.gpus[device]; }

}  // namespace

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
#define HEADSWEEP_EMULATED_ERROR(name, value, text) \
  case name:                                        \
    return #name;
    HEADSWEEP_EMULATED_ERRORS(HEADSWEEP_EMULATED_ERROR)
#undef HEADSWEEP_EMULATED_ERROR
  }
  return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
#define HEADSWEEP_EMULATED_ERROR(name, value, text) \
  case name:                                        \
    return text;
    HEADSWEEP_EMULATED_ERRORS(HEADSWEEP_EMULATED_ERROR)
#undef HEADSWEEP_EMULATED_ERROR
  }
  return "unrecognized error code";
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error();
  const std::lock_guard lock(emulation::machine().mutex);
  last_error() = emulation::machine().lasting_error;
  return error;
}

cudaError_t cudaPeekAtLastError() { return last_error(); }

cudaError_t cudaGetDeviceCount(int* count) {
  return runtime_call("cudaGetDeviceCount", [&](const Machine& machine) {
    *count = static_cast<int>(machine.gpus.size());
    return cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return runtime_call("cudaSetDevice", [&](const Machine& machine) {
    if (!exists(machine, device)) return cudaErrorInvalidDevice;
    current_device() = device;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* device) {
  return runtime_call("cudaGetDevice", [&](const Machine&) {
    *device = current_device();
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return runtime_call("cudaGetDeviceProperties", [&](const Machine& machine) {
    if (!exists(machine, device)) return cudaErrorInvalidDevice;
    *properties = {};
    std::snprintf(properties->name, sizeof(properties->name), "Emulated GPU");
    properties->totalGlobalMem = machine.gpu_memory_bytes;
    properties->sharedMemPerBlock = emulation::default_shared_bytes;
    properties->warpSize = warpSize;
    properties->maxThreadsPerBlock = emulation::most_block_threads;
    properties->major = 9;
    properties->minor = 0;
    properties->multiProcessorCount = multiprocessors;
    properties->pciBusID = bus(machine, device);
    properties->pciDeviceID = 0;
    properties->pciDomainID = 0;
    properties->l2CacheSize = l2_cache_bytes;
    properties->sharedMemPerMultiprocessor = emulation::most_shared_bytes + 1024;
    properties->sharedMemPerBlockOptin = emulation::most_shared_bytes;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp all;
  const cudaError_t error = cudaGetDeviceProperties(&all, device);
  if (error != cudaSuccess) return error;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = all.maxThreadsPerBlock;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(all.sharedMemPerBlock);
      break;
    case cudaDevAttrWarpSize:
      *value = all.warpSize;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = all.multiProcessorCount;
      break;
    case cudaDevAttrPciBusId:
      *value = all.pciBusID;
      break;
    case cudaDevAttrPciDeviceId:
      *value = all.pciDeviceID;
      break;
    case cudaDevAttrL2CacheSize:
      *value = all.l2CacheSize;
      break;
    case cudaDevAttrPciDomainId:
      *value = all.pciDomainID;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = all.major;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = all.minor;
      break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = static_cast<int>(all.sharedMemPerMultiprocessor);
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(all.sharedMemPerBlockOptin);
      break;
    default:
      return last_error() = cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* bus_id, int length, int device) {
  return runtime_call("cudaDeviceGetPCIBusId", [&](const Machine& machine) {
    if (!exists(machine, device)) return cudaErrorInvalidDevice;
    const int written = std::snprintf(bus_id, static_cast<std::size_t>(length), "0000:%02X:00.0",
                                      bus(machine, device));
    return written < length ? cudaSuccess : cudaErrorInvalidValue;
  });
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  return runtime_call("cudaMemGetInfo", [&](const Machine& machine) {
    *total_bytes = machine.gpu_memory_bytes;
    *free_bytes = machine.gpu_memory_bytes - machine.used_bytes[current_device()];
    return cudaSuccess;
  });
}

// As the real one: without a driver the version is 0, and that is no error.
cudaError_t cudaDriverGetVersion(int* version) {
  *version = emulation::machine().driver == Machine::Driver::present ? cuda_version : 0;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = cuda_version;
  return cudaSuccess;
}
