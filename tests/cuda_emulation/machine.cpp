#include "tests/cuda_emulation/machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace emulation {
namespace {

// CUDA_VISIBLE_DEVICES, numbers only: devices up to the first that does not exist.
std::vector<int> visible_gpus(int gpus) {
  std::vector<int> visible;
  const char* const list = std::getenv("CUDA_VISIBLE_DEVICES");
  if (list == nullptr) {
    for (int gpu = 0; gpu < gpus; ++gpu) visible.push_back(gpu);
    return visible;
  }
  for (const char* at = list; *at != '\0';) {
    char* end = nullptr;
    const long gpu = std::strtol(at, &end, 10);
    if (end == at || gpu < 0 || gpu >= gpus) break;
    visible.push_back(static_cast<int>(gpu));
    at = *end == ',' ? end + 1 : end;
  }
  return visible;
}

bool within(const std::map<const char*, Allocation>& allocations, const void* address,
            std::size_t bytes) {
  const char* const first = static_cast<const char*>(address);
  const auto after = allocations.upper_bound(first);
  if (after == allocations.begin()) return false;
  const auto& [start, allocation] = *std::prev(after);
  const auto offset = static_cast<std::size_t>(first - start);
  return offset <= allocation.bytes && bytes <= allocation.bytes - offset;
}

void wait_a_little(std::mutex& mutex) {
  mutex.unlock();
  std::this_thread::sleep_for(std::chrono::microseconds(50));
  mutex.lock();
}

}  // namespace

Machine& machine() {
  // Never destroyed: static destructors of whoever uses the GPU may come later.
  static Machine* const only = [] {
    auto* const made = new Machine;
    made->read_environment();
    return made;
  }();
  return *only;
}

int& current_device() {
  static thread_local int device = 0;
  return device;
}

cudaError_t& last_error() {
  static thread_local cudaError_t error = cudaSuccess;
  return error;
}

void Machine::read_environment() {
  const char* const gpu_count = std::getenv("HEADSWEEP_EMULATED_GPUS");
  const char* const memory = std::getenv("HEADSWEEP_EMULATED_GPU_MEMORY");
  const char* const thread_order = std::getenv("HEADSWEEP_EMULATED_ORDER");
  const std::string_view count = gpu_count == nullptr ? "1" : gpu_count;
  driver = count == "none" ? Driver::missing : Driver::present;
  gpus = visible_gpus(gpu_count == nullptr ? 1 : std::atoi(gpu_count));
  gpu_memory_bytes = memory == nullptr ? std::size_t{2} << 30 : std::strtoull(memory, nullptr, 10);
  order =
      thread_order == nullptr ? 0 : static_cast<unsigned>(std::strtoul(thread_order, nullptr, 10));
  used_bytes.resize(std::max(used_bytes.size(), gpus.size()));
}

void Machine::fault(const std::string& what) {
  faults += what + "\n";
  std::fprintf(stderr, "emulated GPU: %s\n", what.c_str());
}

cudaError_t Machine::ordered_failure(std::string_view call) {
  const auto ordered = failures_to_come.find(call);
  if (ordered == failures_to_come.end()) return cudaSuccess;
  const cudaError_t error = ordered->second;
  failures_to_come.erase(ordered);
  return error;
}

cudaError_t Machine::before(std::string_view call) {
  if (driver == Driver::missing) return cudaErrorInsufficientDriver;
  if (gpus.empty()) return cudaErrorNoDevice;
  const cudaError_t ordered = ordered_failure(call);
  return ordered != cudaSuccess ? ordered : lasting_error;
}

cudaError_t Machine::check_stream(std::string_view call, cudaStream_t stream) {
  if (stream == nullptr) {
    fault(std::string(call) + " uses the default stream");
    return cudaErrorInvalidResourceHandle;
  }
  if (!streams.contains(stream)) {
    fault(std::string(call) + " is given a stream that does not exist");
    return cudaErrorInvalidResourceHandle;
  }
  return cudaSuccess;
}

cudaError_t Machine::check_current(std::string_view call, cudaStream_t stream) {
  const cudaError_t error = check_stream(call, stream);
  if (error != cudaSuccess || stream->device == current_device()) return error;
  fault(std::string(call) + ": the stream is of device " + std::to_string(stream->device) +
        ", the thread's device is " + std::to_string(current_device()));
  return cudaErrorInvalidResourceHandle;
}

cudaError_t Machine::enqueue(cudaStream_t stream, Step step) {
  stream->queries = 0;
  if (stream->capture == nullptr) {
    stream->queue.push_back(std::move(step));
    return cudaSuccess;
  }
  Capture& capture = *stream->capture;
  if (capture.invalid) return cudaErrorStreamCaptureInvalidated;
  capture.steps.push_back(std::move(step));
  if (stream != capture.origin) capture.unjoined.insert(stream);
  return cudaSuccess;
}

bool Machine::advance(cudaStream_t stream) {
  while (!stream->queue.empty()) {
    if (lasting_error != cudaSuccess) {
      stream->queue.clear();  // nothing runs after a kernel's fault
      break;
    }
    if (stream->queue.front()() == Progress::waits) return false;
    stream->queue.pop_front();
  }
  return true;
}

void Machine::finish(cudaStream_t stream) {
  while (streams.contains(stream) && !advance(stream)) wait_a_little(mutex);
}

void Machine::finish(const std::shared_ptr<EventRecord>& record) {
  // Steps after the record stay where they are: they are asked for by nobody.
  while (!record->done && lasting_error == cudaSuccess && streams.contains(record->stream)) {
    auto& queue = record->stream->queue;
    if (queue.empty()) break;
    if (queue.front()() == Progress::waits) {
      wait_a_little(mutex);
    } else {
      queue.pop_front();
    }
  }
}

void Machine::finish_device(int device) {
  const std::set<cudaStream_t> all = streams;  // a wait inside lets other threads change the set
  for (const cudaStream_t stream : all) {
    if (streams.contains(stream) && stream->device == device) finish(stream);
  }
}

cudaError_t Machine::refuse_in_capture() {
  cudaError_t error = cudaSuccess;
  for (const cudaStream_t stream : streams) {
    Capture* const capture = stream->capture.get();
    if (capture == nullptr || capture->mode == cudaStreamCaptureModeRelaxed) continue;
    if (capture->mode == cudaStreamCaptureModeThreadLocal &&
        capture->thread != std::this_thread::get_id())
      continue;
    capture->invalid = true;
    error = cudaErrorStreamCaptureUnsupported;
  }
  return error;
}

bool Machine::in_device_memory(const void* address, std::size_t bytes) const {
  return within(device_memory, address, bytes);
}

bool Machine::in_pinned_memory(const void* address, std::size_t bytes) const {
  return within(pinned_memory, address, bytes);
}

void set_order(unsigned seed) {
  const std::lock_guard lock(machine().mutex);
  machine().order = seed;
}

Counters counters() {
  const std::lock_guard lock(machine().mutex);
  return machine().counts;
}

void reset() {
  Machine& all = machine();
  const std::lock_guard lock(all.mutex);
  const std::size_t in_use = all.counts.bytes_in_use;
  all.counts = {};
  all.counts.bytes_in_use = all.counts.peak_bytes_in_use = in_use;
  all.faults.clear();
  all.failures_to_come.clear();
  all.lasting_error = cudaSuccess;
  last_error() = cudaSuccess;
  all.read_environment();
}

void fail_next(std::string_view call, cudaError_t error) {
  const std::lock_guard lock(machine().mutex);
  machine().failures_to_come[std::string(call)] = error;
}

std::string faults() {
  const std::lock_guard lock(machine().mutex);
  return machine().faults;
}

}  // namespace emulation
