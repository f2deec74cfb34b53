// The emulated NCCL among forked processes, one GPU each.
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>
#include <nccl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cuda_emulation/emulation.h"

namespace {

constexpr std::size_t count = 1000;

// Runs body(rank) in a process for each rank; the exit codes.
std::vector<int> in_processes(int ranks, const std::function<int(int)>& body) {
  std::vector<pid_t> children;
  for (int rank = 0; rank < ranks; ++rank) {
    const pid_t child = fork();
    if (child == 0) _exit(body(rank));
    children.push_back(child);
  }
  std::vector<int> codes;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
  return codes;
}

void use_gpus(const char* gpus) {
  setenv("HEADSWEEP_EMULATED_GPUS", gpus, 1);
  emulation::reset();
}

ncclUniqueId new_id() {
  ncclUniqueId id;
  EXPECT_EQ(ncclGetUniqueId(&id), ncclSuccess);
  return id;
}

// What the communicator says in the end.
ncclResult_t settled(ncclComm_t comm) {
  ncclResult_t result = ncclInProgress;
  for (int i = 0; i < 5000 && result == ncclInProgress; ++i) {
    if (ncclCommGetAsyncError(comm, &result) != ncclSuccess) return ncclInternalError;
    if (result == ncclInProgress) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return result;
}

// Two broadcasts, from rank 0 and from the last one; 0: the values are right.
int broadcast_twice(ncclComm_t comm, int rank, int ranks) {
  cudaStream_t stream = nullptr;
  float* values = nullptr;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  cudaMalloc(&values, 2 * count * sizeof(float));
  const std::vector<float> own(2 * count, static_cast<float>(rank) + 1);
  cudaMemcpyAsync(values, own.data(), own.size() * sizeof(float), cudaMemcpyHostToDevice, stream);
  for (int i = 0; i < 2; ++i) {
    float* const part = values + static_cast<std::size_t>(i) * count;
    const ncclResult_t result =
        ncclBroadcast(part, part, count, ncclFloat32, i == 0 ? 0 : ranks - 1, comm, stream);
    if (result != ncclSuccess && result != ncclInProgress) return 2;
    if (settled(comm) != ncclSuccess) return 3;
  }
  std::vector<float> got(2 * count);
  if (cudaMemcpyAsync(got.data(), values, got.size() * sizeof(float), cudaMemcpyDeviceToHost,
                      stream) != cudaSuccess) {
    return 4;
  }
  cudaStreamDestroy(stream);
  cudaFree(values);
  return got[0] == 1 && got[count - 1] == 1 && got[count] == static_cast<float>(ranks) ? 0 : 5;
}

// One rank's whole run without blocking; 0: all well, otherwise 100 + NCCL's result.
int run_rank(int rank, int ranks, const ncclUniqueId& id) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  ncclComm_t comm = nullptr;
  ncclResult_t result = ncclCommInitRankConfig(&comm, ranks, id, rank, &config);
  if (result != ncclInProgress) return 100 + result;
  result = settled(comm);
  if (result != ncclSuccess) {
    ncclCommAbort(comm);
    return 100 + result;
  }
  const int wrong = broadcast_twice(comm, rank, ranks);
  if (wrong == 0 && (ncclCommFinalize(comm) != ncclInProgress || settled(comm) != ncclSuccess))
    return 6;
  ncclCommDestroy(comm);
  return wrong;
}

TEST(Nccl, OneRankIsEnough) {
  const ncclUniqueId id = new_id();
  EXPECT_EQ(in_processes(1,
                         [&](int) {
                           ncclComm_t comm = nullptr;
                           if (ncclCommInitRank(&comm, 1, id, 0) != ncclSuccess) return 1;
                           const int wrong = broadcast_twice(comm, 0, 1);
                           ncclCommDestroy(comm);
                           return wrong;
                         }),
            std::vector<int>{0});
  EXPECT_NE(access(id.internal, F_OK), 0);
}

TEST(Nccl, ThreeProcessesGetWhatTheRootHas) {
  const ncclUniqueId id = new_id();
  EXPECT_EQ(in_processes(3,
                         [&](int rank) {
                           use_gpus("3");
                           if (cudaSetDevice(rank) != cudaSuccess) return 1;
                           return run_rank(rank, 3, id);
                         }),
            (std::vector<int>{0, 0, 0}));
}

TEST(Nccl, TwoRanksOnOneGpuAreRefused) {
  const ncclUniqueId id = new_id();
  EXPECT_EQ(in_processes(2, [&](int rank) { return run_rank(rank, 2, id); }),
            (std::vector<int>{100 + ncclInvalidUsage, 100 + ncclInvalidUsage}));
}

TEST(Nccl, ARankThatEndsIsNoticedByTheOthers) {
  const ncclUniqueId id = new_id();
  EXPECT_EQ(in_processes(2,
                         [&](int rank) {
                           use_gpus("2");
                           cudaSetDevice(rank);
                           ncclComm_t comm = nullptr;
                           if (ncclCommInitRank(&comm, 2, id, rank) != ncclSuccess) return 1;
                           if (rank == 1) {
                             ncclCommAbort(comm);
                             return 0;
                           }
                           ncclResult_t result = ncclSuccess;
                           while (result == ncclSuccess) ncclCommGetAsyncError(comm, &result);
                           ncclCommAbort(comm);
                           return 100 + result;
                         }),
            (std::vector<int>{100 + ncclRemoteError, 0}));
}

TEST(Nccl, FailuresCanBeOrdered) {
  const auto run_with = [&](const char* what) {
    const ncclUniqueId id = new_id();
    return in_processes(1, [&](int) {
      setenv("HEADSWEEP_EMULATED_NCCL", what, 1);
      ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
      config.blocking = 0;
      ncclComm_t comm = nullptr;
      if (ncclCommInitRankConfig(&comm, 1, id, 0, &config) == ncclSystemError) return 1;
      ncclResult_t result = ncclInProgress;
      for (int i = 0; i < 100 && result == ncclInProgress; ++i)
        ncclCommGetAsyncError(comm, &result);
      const int code = result == ncclInProgress ? 2 : broadcast_twice(comm, 0, 1);
      ncclCommAbort(comm);
      return code == 2 && result == ncclSuccess ? 3 : code;
    })[0];
  };
  EXPECT_EQ(run_with("fail-init"), 1);
  EXPECT_EQ(run_with("hang"), 2);
  EXPECT_EQ(run_with("fail-broadcast"), 3);
}

}  // namespace
