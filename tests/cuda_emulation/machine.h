// The emulated machine: its GPUs, their memory, streams, events and graphs. Only the emulation's
// own sources include this.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <cuda_runtime.h>

#include "tests/cuda_emulation/emulation.h"

namespace emulation {

// A piece of work of a stream. It is called until it says `done`; `waits`: for another process, try
// again later.
enum class Progress { done, waits };
using Step = std::function<Progress()>;

struct Capture {
  cudaStream_t origin = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  bool invalid = false;
  std::vector<Step> steps;
  std::set<cudaStream_t> joined;    // other streams that take part
  std::set<cudaStream_t> unjoined;  // those with work that the origin does not wait for yet
};

struct EventRecord {
  cudaStream_t stream = nullptr;
  bool done = false;
  std::chrono::steady_clock::time_point time;
  std::shared_ptr<Capture> capture;  // of a record that was captured
};

struct Allocation {
  std::size_t bytes;
  int device;
};

}  // namespace emulation

struct CUstream_st {
  int device = 0;
  std::deque<emulation::Step> queue;
  int queries = 0;  // in a row, with nothing else asked of the stream
  std::shared_ptr<emulation::Capture> capture;
};
struct CUevent_st {
  int device = 0;
  unsigned flags = 0;
  std::shared_ptr<emulation::EventRecord> record;
};
struct CUgraph_st {
  std::vector<emulation::Step> steps;
};
struct CUgraphExec_st {
  std::vector<emulation::Step> steps;
};

namespace emulation {

inline constexpr std::size_t default_shared_bytes = 48 * 1024;
inline constexpr std::size_t most_shared_bytes = 227 * 1024;
inline constexpr unsigned most_block_threads = 1024;

class Machine {
 public:
  std::mutex mutex;  // held by every call, and while kernels run

  enum class Driver { present, missing } driver = Driver::present;
  std::vector<int> gpus;  // of each visible device, its number in the machine
  std::size_t gpu_memory_bytes = 0;
  unsigned order = 0;

  std::vector<std::size_t> used_bytes;              // per device
  std::map<const char*, Allocation> device_memory;  // by first address
  std::map<const char*, Allocation> pinned_memory;
  std::set<cudaStream_t> streams;
  std::set<cudaEvent_t> events;
  std::set<cudaGraph_t> graphs;
  std::set<cudaGraphExec_t> executables;
  std::map<const void*, int> most_dynamic_shared_bytes;  // of kernels, where set
  cudaError_t lasting_error = cudaSuccess;  // of a kernel: every call returns it from then on
  Counters counts{};
  std::string faults;
  std::map<std::string, cudaError_t, std::less<>> failures_to_come;

  void read_environment();
  void fault(const std::string& what);
  // What a call that needs a driver returns before it does anything; cudaSuccess: go on.
  cudaError_t before(std::string_view call);
  // The failure that fail_next() ordered for this call, once.
  cudaError_t ordered_failure(std::string_view call);
  // cudaSuccess if the stream can be used by `call`; a default stream or a stranger is a fault.
  cudaError_t check_stream(std::string_view call, cudaStream_t stream);
  // The same, and the stream belongs to the thread's current device.
  cudaError_t check_current(std::string_view call, cudaStream_t stream);
  // Puts work at the end of the stream, or into the graph that it is capturing.
  cudaError_t enqueue(cudaStream_t stream, Step step);
  // Runs what is queued, as far as it comes; true: to the end.
  bool advance(cudaStream_t stream);
  // Runs the stream to the end of its queue, or until the record is done, however long that takes.
  void finish(cudaStream_t stream);
  void finish(const std::shared_ptr<EventRecord>& record);
  void finish_device(int device);
  // For calls that no capture may see: invalidates the captures that forbid it.
  cudaError_t refuse_in_capture();
  // Whether all bytes lie in one allocation of any device's memory (or of pinned memory).
  bool in_device_memory(const void* address, std::size_t bytes) const;
  bool in_pinned_memory(const void* address, std::size_t bytes) const;
};

Machine& machine();

// The calling thread's device, and its last error (cudaGetLastError).
int& current_device();
cudaError_t& last_error();

// A function of the runtime: locks, checks, runs the body, remembers the error.
template <class Body>
cudaError_t runtime_call(std::string_view name, Body&& body) {
  const std::lock_guard lock(machine().mutex);
  cudaError_t error = machine().before(name);
  if (error == cudaSuccess) error = std::forward<Body>(body)(machine());
  if (error != cudaSuccess && error != cudaErrorNotReady) last_error() = error;
  return error;
}

}  // namespace emulation
