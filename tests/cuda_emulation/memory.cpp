// Device memory, pinned memory, copies.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tests/cuda_emulation/machine.h"

using emulation::Allocation;
using emulation::current_device;
using emulation::Machine;
using emulation::Progress;
using emulation::runtime_call;

namespace {

constexpr std::size_t alignment = 256;
constexpr int nan_pattern = 0xff;  // as float, double and bfloat16: NaN

// Exactly as long as asked for, so that the address sanitizer sees the first byte behind it.
char* allocate(std::size_t bytes) {
  void* address = nullptr;
  if (posix_memalign(&address, alignment, bytes) != 0) return nullptr;
  std::memset(address, nan_pattern, bytes);
  return static_cast<char*>(address);
}

cudaError_t allocate_pinned(std::string_view call, void** address, std::size_t bytes) {
  return runtime_call(call, [&](Machine& machine) {
    const cudaError_t error = machine.refuse_in_capture();
    if (error != cudaSuccess) return error;
    *address = nullptr;
    if (bytes == 0) return cudaSuccess;
    char* const made = allocate(bytes);
    if (made == nullptr) return cudaErrorMemoryAllocation;
    machine.pinned_memory[made] = {bytes, current_device()};
    ++machine.counts.pinned_mallocs;
    *address = made;
    return cudaSuccess;
  });
}

// The direction of a copy with cudaMemcpyDefault, by where the addresses lie.
cudaMemcpyKind direction(const Machine& machine, const void* to, const void* from,
                         std::size_t bytes) {
  const bool to_device = machine.in_device_memory(to, bytes);
  const bool from_device = machine.in_device_memory(from, bytes);
  if (to_device) return from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice;
  return from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost;
}

bool fits(const Machine& machine, void* to, const void* from, std::size_t bytes,
          cudaMemcpyKind kind) {
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  return machine.in_device_memory(to, bytes) == to_device &&
         machine.in_device_memory(from, bytes) == from_device;
}

emulation::Step copy_step(void* to, const void* from, std::size_t bytes) {
  return [to, from, bytes] {
    std::memcpy(to, from, bytes);
    return Progress::done;
  };
}

cudaError_t copy(Machine& machine, void* to, const void* from, std::size_t bytes,
                 cudaMemcpyKind kind, cudaStream_t stream) {
  const auto* const first = static_cast<const char*>(from);
  if (stream->capture != nullptr || kind == cudaMemcpyDeviceToDevice) {
    return machine.enqueue(stream, copy_step(to, from, bytes));
  }
  if (kind == cudaMemcpyHostToDevice && !machine.in_pinned_memory(from, bytes)) {
    // CUDA reads pageable memory before the call returns.
    return machine.enqueue(stream, [to, taken = std::vector<char>(first, first + bytes)] {
      std::memcpy(to, taken.data(), taken.size());
      return Progress::done;
    });
  }
  const cudaError_t error = machine.enqueue(stream, copy_step(to, from, bytes));
  if (kind != cudaMemcpyHostToDevice && !machine.in_pinned_memory(to, bytes)) {
    machine.finish(stream);  // CUDA returns when pageable memory is written
    return machine.lasting_error;
  }
  return error;
}

}  // namespace

cudaError_t cudaMalloc(void** address, std::size_t bytes) {
  return runtime_call("cudaMalloc", [&](Machine& machine) {
    const cudaError_t error = machine.refuse_in_capture();
    if (error != cudaSuccess) return error;
    *address = nullptr;
    if (bytes == 0) return cudaSuccess;
    std::size_t& used = machine.used_bytes[current_device()];
    if (bytes > machine.gpu_memory_bytes - used) return cudaErrorMemoryAllocation;
    char* const made = allocate(bytes);
    if (made == nullptr) return cudaErrorMemoryAllocation;
    used += bytes;
    machine.device_memory[made] = {bytes, current_device()};
    ++machine.counts.mallocs;
    machine.counts.bytes_in_use += bytes;
    machine.counts.peak_bytes_in_use =
        std::max(machine.counts.peak_bytes_in_use, machine.counts.bytes_in_use);
    *address = made;
    return cudaSuccess;
  });
}

cudaError_t cudaFree(void* address) {
  return runtime_call("cudaFree", [&](Machine& machine) {
    if (address == nullptr) return cudaSuccess;
    const cudaError_t error = machine.refuse_in_capture();
    if (error != cudaSuccess) return error;
    const auto found = machine.device_memory.find(static_cast<const char*>(address));
    if (found == machine.device_memory.end()) return cudaErrorInvalidValue;
    const Allocation allocation = found->second;
    machine.finish_device(allocation.device);
    machine.device_memory.erase(static_cast<const char*>(address));
    machine.used_bytes[allocation.device] -= allocation.bytes;
    machine.counts.bytes_in_use -= allocation.bytes;
    std::free(address);
    return cudaSuccess;
  });
}

cudaError_t cudaMallocHost(void** address, std::size_t bytes) {
  return allocate_pinned("cudaMallocHost", address, bytes);
}

cudaError_t cudaHostAlloc(void** address, std::size_t bytes, unsigned int) {
  return allocate_pinned("cudaHostAlloc", address, bytes);
}

cudaError_t cudaFreeHost(void* address) {
  return runtime_call("cudaFreeHost", [&](Machine& machine) {
    if (address == nullptr) return cudaSuccess;
    const cudaError_t error = machine.refuse_in_capture();
    if (error != cudaSuccess) return error;
    const auto found = machine.pinned_memory.find(static_cast<const char*>(address));
    if (found == machine.pinned_memory.end()) return cudaErrorInvalidValue;
    machine.finish_device(found->second.device);
    machine.pinned_memory.erase(static_cast<const char*>(address));
    std::free(address);
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return runtime_call("cudaMemcpyAsync", [&](Machine& machine) {
    const cudaError_t error = machine.check_stream("cudaMemcpyAsync", stream);
    if (error != cudaSuccess || bytes == 0) return error;
    if (kind == cudaMemcpyDefault) kind = direction(machine, to, from, bytes);
    if (!fits(machine, to, from, bytes, kind)) {
      machine.fault(
          "cudaMemcpyAsync: an address is not where the direction says, or the memory ends before "
          "the copy");
      return cudaErrorInvalidValue;
    }
    ++machine.counts.copies;
    return copy(machine, to, from, bytes, kind, stream);
  });
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return runtime_call("cudaMemsetAsync", [&](Machine& machine) {
    const cudaError_t error = machine.check_stream("cudaMemsetAsync", stream);
    if (error != cudaSuccess || bytes == 0) return error;
    if (!machine.in_device_memory(to, bytes)) {
      machine.fault("cudaMemsetAsync: not device memory, or it ends before");
      return cudaErrorInvalidValue;
    }
    return machine.enqueue(stream, [to, value, bytes] {
      std::memset(to, value, bytes);
      return Progress::done;
    });
  });
}
