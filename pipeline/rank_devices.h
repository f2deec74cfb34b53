// What every rank computes on, and what follows from that for all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/device.h"
#include "pipeline/family_memory.h"
#include "pipeline/ranks/ranks.h"

namespace headsweep {

/// What the others have to know of a rank's device.
struct RankDevice {
  std::string generation;       // "sm_90" of a GPU; empty: the processor
  std::string gpu;              // its place on the bus, "0000:1B:00.0"
  std::int64_t free_bytes = 0;  // of its memory
  std::string remark;           // why it is none, where one could be expected
  std::string failure;          // why there is no device at all

  void visit(auto& archive) { archive(generation, gpu, free_bytes, remark, failure); }
};

/// The own device, and those of all ranks, by rank.
struct FoundDevices {
  Device mine;
  std::vector<RankDevice> all;
};

/// All ranks together. Where some rank has no device such as is asked for, rank 0 fails for all;
/// where they are of several generations, all throw ToldToAll.
FoundDevices find_devices(Ranks& ranks, DeviceChoice choice, int threads, double patience_seconds);

/// What every rank may take of its GPU, and so the rank with the least.
MemoryShare least_share(const std::vector<RankPlace>& places,
                        const std::vector<RankDevice>& devices);

/// "2 ranks share GPU 0000:1B:00.0 on n1"; empty if no GPU has several ranks.
std::string shared_gpus(const std::vector<RankPlace>& places,
                        const std::vector<RankDevice>& devices);

/// ", 4 ranks on 2 nodes, 4 GPUs"; nothing of the ranks for one process alone.
std::string describe_ranks(const std::vector<RankPlace>& places,
                           const std::vector<RankDevice>& devices);

/// For the run file: "4 on 2 hosts, 4 GPUs".
std::string ranks_of_start(const std::vector<RankPlace>& places,
                           const std::vector<RankDevice>& devices);

/// Each GPU with its host, for the run file: "n1 0000:1B:00.0, n2 0000:1B:00.0"; empty: none.
std::string gpus_of_start(const std::vector<RankPlace>& places,
                          const std::vector<RankDevice>& devices);

}  // namespace headsweep
