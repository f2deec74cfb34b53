// The emulated NCCL's functions.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <nccl.h>
#include <unistd.h>

#include "tests/cuda_emulation/clique.h"
#include "tests/cuda_emulation/machine.h"

struct ncclComm {
  std::shared_ptr<emulation::Clique> clique;  // queued broadcasts keep it, too
  int device = 0;
  bool blocking = true;
  bool met = false;
  // After a call of a communicator that does not block: the first question is answered "in
  // progress".
  bool in_progress = false;
  ncclResult_t error = ncclSuccess;
};

namespace {

using emulation::Clique;
using emulation::Machine;
using emulation::Progress;

constexpr int most_ranks = 1024;

thread_local std::string last_message;

ncclResult_t fail(ncclResult_t result, const std::string& why) {
  last_message = why;
  return result;
}

bool told_to(std::string_view what) {
  const char* const told = std::getenv("HEADSWEEP_EMULATED_NCCL");
  return told != nullptr && told == what;
}

std::size_t type_bytes(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
    case ncclUint8:
      return 1;
    case ncclFloat16:
    case ncclBfloat16:
      return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32:
      return 4;
    default:
      return 8;
  }
}

// Looks whether all have come, or whether somebody is lost.
ncclResult_t look(ncclComm& comm) {
  if (comm.error != ncclSuccess) return comm.error;
  if (!comm.met) {
    const ncclResult_t met = told_to("hang") ? ncclInProgress : comm.clique->meet();
    if (met == ncclInProgress) return met;
    comm.met = met == ncclSuccess;
    comm.error = met;
  } else {
    comm.error = comm.clique->look_at_others();
  }
  if (comm.error != ncclSuccess) return fail(comm.error, comm.clique->error());
  if (!comm.in_progress) return ncclSuccess;
  comm.in_progress = false;
  return ncclInProgress;
}

// Whether the communicator can take another call.
ncclResult_t check_ready(const ncclComm& comm) {
  if (comm.error != ncclSuccess) return comm.error;
  if (comm.met && !comm.in_progress) return ncclSuccess;
  return fail(ncclInvalidArgument,
              "Attempt to use communicator before the previous operation returned ncclSuccess");
}

emulation::Step broadcast_step(const std::shared_ptr<Clique>& clique, const void* from, void* to,
                               std::size_t bytes, bool is_root) {
  const off_t place = clique->next_place(bytes);
  if (told_to("hang-broadcast")) {
    return [clique] { return clique->aborted() ? Progress::done : Progress::waits; };
  }
  if (!is_root) {
    return [clique, to, bytes, place] {
      return clique->aborted() || clique->receive(place, to, bytes) ? Progress::done
                                                                    : Progress::waits;
    };
  }
  return [clique, from, to, bytes, place] {
    if (clique->aborted()) return Progress::done;
    clique->publish(place, from, bytes);
    if (to != from) std::memcpy(to, from, bytes);
    return Progress::done;
  };
}

}  // namespace

ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  *id = {};
  std::snprintf(id->internal, sizeof(id->internal), "/tmp/headsweep_nccl_XXXXXX");
  const int file = mkstemp(id->internal);
  if (file < 0) return fail(ncclSystemError, "no file in /tmp");
  close(file);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  *comm = nullptr;
  if (ranks < 1 || ranks > most_ranks || rank < 0 || rank >= ranks)
    return fail(ncclInvalidArgument, "invalid rank");
  if (config != nullptr && config->magic != 0xcafebeef)
    return fail(ncclInvalidArgument, "config is not initialized");
  int device = 0;
  char bus_id[20];
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetPCIBusId(bus_id, sizeof(bus_id), device) != cudaSuccess) {
    return fail(ncclUnhandledCudaError, "no GPU");
  }
  if (told_to("fail-init")) {
    unlink(id.internal);
    return fail(ncclSystemError, "told to fail (HEADSWEEP_EMULATED_NCCL)");
  }
  auto made = std::make_unique<ncclComm>();
  made->clique = std::make_shared<Clique>(id.internal, ranks, rank, bus_id);
  if (made->clique->failed())
    return fail(ncclSystemError, std::string("cannot open ") + id.internal);
  made->device = device;
  made->blocking = config == nullptr || config->blocking != 0;
  ncclResult_t result = look(*made);
  while (made->blocking && result == ncclInProgress) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    result = look(*made);
  }
  if (!made->blocking) {
    made->in_progress = true;
    result = ncclInProgress;
  }
  if (result == ncclSuccess || result == ncclInProgress) *comm = made.release();
  return result;
}

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank) {
  return ncclCommInitRankConfig(comm, ranks, id, rank, nullptr);
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* error) {
  if (comm == nullptr) return ncclInvalidArgument;
  const std::lock_guard lock(emulation::machine().mutex);
  *error = look(*comm);
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  const std::lock_guard lock(emulation::machine().mutex);
  const ncclResult_t ready = check_ready(*comm);
  if (ready != ncclSuccess || comm->blocking) return ready;
  comm->in_progress = true;
  return ncclInProgress;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  if (comm == nullptr) return ncclSuccess;
  const std::lock_guard lock(emulation::machine().mutex);
  comm->clique->leave(false);
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (comm == nullptr) return ncclSuccess;
  const std::lock_guard lock(emulation::machine().mutex);
  comm->clique->leave(true);
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclBroadcast(const void* from, void* to, std::size_t count, ncclDataType_t type,
                           int root, ncclComm_t comm, cudaStream_t stream) {
  Machine& machine = emulation::machine();
  const std::lock_guard lock(machine.mutex);
  if (machine.before("ncclBroadcast") != cudaSuccess)
    return fail(ncclUnhandledCudaError, "the GPU has failed");
  const ncclResult_t ready = check_ready(*comm);
  if (ready != ncclSuccess) return ready;
  if (told_to("fail-broadcast"))
    return fail(ncclSystemError, "told to fail (HEADSWEEP_EMULATED_NCCL)");
  if (machine.check_stream("ncclBroadcast", stream) != cudaSuccess ||
      stream->device != comm->device) {
    return fail(ncclInvalidArgument, "not a stream of the communicator's GPU");
  }
  if (stream->capture != nullptr)
    return fail(ncclInvalidUsage, "a broadcast in a graph is not emulated");
  const std::size_t bytes = count * type_bytes(type);
  const bool is_root = root == comm->clique->rank();
  if (root < 0 || root >= comm->clique->ranks() || !machine.in_device_memory(to, bytes) ||
      (is_root && !machine.in_device_memory(from, bytes))) {
    machine.fault("ncclBroadcast: no such root, or a buffer does not lie in device memory");
    return fail(ncclInvalidArgument, "invalid root or buffer");
  }
  const cudaError_t queued =
      machine.enqueue(stream, broadcast_step(comm->clique, from, to, bytes, is_root));
  if (queued != cudaSuccess) return fail(ncclUnhandledCudaError, cudaGetErrorString(queued));
  comm->in_progress = !comm->blocking;
  return comm->blocking ? ncclSuccess : ncclInProgress;
}

const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess:
      return "no error";
    case ncclUnhandledCudaError:
      return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case ncclSystemError:
      return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
    case ncclInternalError:
      return "internal error - please report this issue to the NCCL developers";
    case ncclInvalidArgument:
      return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case ncclInvalidUsage:
      return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    case ncclInProgress:
      return "NCCL operation in progress";
    case ncclNumResults:
      break;
  }
  return "unknown result code";
}

const char* ncclGetLastError(ncclComm_t) { return last_message.c_str(); }
