// NCCL behind pipeline/ranks/nccl.h: a part of the CUDA plugin, which alone is linked to it.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <cuda_runtime.h>
#include <nccl.h>

#include "pipeline/ranks/nccl.h"
#include "pipeline/ranks/pause.h"

namespace headsweep {
namespace {

constexpr std::int64_t piece_bytes = std::int64_t{256} << 20;

[[noreturn]] void fail(const std::string& what, const std::string& said) {
  throw std::runtime_error(what + ": " + said);
}

void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) fail(what, cudaGetErrorString(status));
}

/// NCCL's last words say more than the name of the error.
std::string words_for(ncclResult_t result, ncclComm_t communicator) {
  std::string text = ncclGetErrorString(result);
  const char* last = ncclGetLastError(communicator);
  if (last != nullptr && *last != '\0') text += std::string(" (") + last + ")";
  return text;
}

/// A communicator that never blocks, so that a lost rank is noticed; given up unless it has ended
/// well.
class Communicator {
 public:
  explicit Communicator(const NcclGroup& group) : patience_seconds_(group.patience_seconds) {
    ncclUniqueId id;
    if (group.id.size() != sizeof id) fail("NCCL", "the group's id is none");
    std::memcpy(&id, group.id.data(), sizeof id);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    const ncclResult_t result =
        ncclCommInitRankConfig(&communicator_, group.ranks, id, group.rank, &config);
    try {
      take(result, "NCCL brings the GPUs together");
    } catch (...) {
      give_up();
      throw;
    }
  }
  ~Communicator() { give_up(); }
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  void broadcast(void* memory, std::int64_t bytes, cudaStream_t stream) {
    const auto count = static_cast<std::size_t>(bytes);
    take(ncclBroadcast(memory, memory, count, ncclUint8, 0, communicator_, stream),
         "NCCL broadcasts");
    wait_until(
        [&] {
          const cudaError_t status = cudaStreamQuery(stream);
          if (status == cudaErrorNotReady) return false;
          check(status, "NCCL broadcasts");
          return true;
        },
        "NCCL broadcasts");
  }

  void end() {
    take(ncclCommFinalize(communicator_), "NCCL ends");
    ncclCommDestroy(std::exchange(communicator_, nullptr));
  }

 private:
  /// A call's result, or what it comes to after a while.
  void take(ncclResult_t result, const char* what) {
    if (result != ncclSuccess && result != ncclInProgress)
      fail(what, words_for(result, communicator_));
    wait_until([] { return true; }, what);
  }

  /// Until `done` holds and NCCL has nothing under way.
  template <class Done>
  void wait_until(Done done, const char* what) {
    using Clock = std::chrono::steady_clock;
    const auto most = std::chrono::duration<double>(patience_seconds_);
    const auto start = Clock::now();
    for (Pause pause;; pause.wait()) {
      ncclResult_t state = ncclSuccess;
      const ncclResult_t asked = ncclCommGetAsyncError(communicator_, &state);
      if (asked != ncclSuccess) fail(what, words_for(asked, communicator_));
      if (state != ncclSuccess && state != ncclInProgress)
        fail(what, words_for(state, communicator_));
      if (state == ncclSuccess && done()) return;
      if (Clock::now() - start > most)
        fail(what,
             "nothing has moved for run.stall_seconds: a rank is lost, or the network "
             "between the GPUs' hosts does not carry it");
    }
  }

  void give_up() {
    if (communicator_ != nullptr) ncclCommAbort(std::exchange(communicator_, nullptr));
  }

  ncclComm_t communicator_ = nullptr;
  double patience_seconds_;
};

class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "CUDA"); }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t get() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

std::string version() {
  int number = 0;
  ncclGetVersion(&number);
  return "NCCL " + std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
         std::to_string(number % 100);
}

std::vector<std::byte> make_id() {
  ncclUniqueId id;
  if (const ncclResult_t result = ncclGetUniqueId(&id); result != ncclSuccess)
    fail("NCCL makes an id", words_for(result, nullptr));
  const auto* bytes = reinterpret_cast<const std::byte*>(&id);
  return {bytes, bytes + sizeof id};
}

void broadcast(const NcclGroup& group, void* memory, std::int64_t bytes) {
  check(cudaSetDevice(group.gpu), "CUDA");
  // The communicator goes first, and what it has put on the stream with it.
  const Stream stream;
  Communicator communicator(group);
  for (std::int64_t first = 0; first < bytes; first += piece_bytes)
    communicator.broadcast(static_cast<std::byte*>(memory) + first,
                           std::min(piece_bytes, bytes - first), stream.get());
  communicator.end();
}

}  // namespace
}  // namespace headsweep

extern "C" [[gnu::visibility("default")]] const headsweep::Nccl* headsweep_nccl() {
  static const headsweep::Nccl nccl = {headsweep::version, headsweep::make_id,
                                       headsweep::broadcast};
  return &nccl;
}
