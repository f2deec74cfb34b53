// From the memory of rank 0's device into that of all others.
#pragma once

#include <cstdint>
#include <string>

#include "model/device.h"
#include "pipeline/ranks/nccl.h"
#include "pipeline/ranks/ranks.h"

namespace headsweep {

/// How a rank's device can be reached by the others.
struct DeviceLink {
  int gpu = 0;
  /// nullptr: there is none.
  const Nccl* nccl = nullptr;
  /// Why NCCL cannot be used all the same; empty: it can. Rank 0's counts.
  std::string obstacle;
  double patience_seconds = 600;
};

/// All ranks together: `bytes` that lie in `block` on rank 0's device, to the others' blocks.
/// Through NCCL; where that is not to be had, through the host's memory and MPI, which rank 0 says.
/// MachineError if NCCL begins and does not come to an end.
void broadcast_device_memory(Ranks& ranks, Backend& backend, void* block, std::int64_t bytes,
                             const DeviceLink& link);

/// The plugin's NCCL; nullptr if it has none.
const Nccl* nccl_of_plugin();

}  // namespace headsweep
