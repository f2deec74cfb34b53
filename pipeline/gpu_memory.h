// Whether a job fits into the memory of its GPUs, before it is loaded; and how many circuits side
// by side do.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/job.h"
#include "model/memory_need.h"

namespace headsweep {

/// What a rank may take of a GPU.
struct GpuShare {
  std::int64_t bytes = 0;
  int ranks = 1;  // that share the GPU
};
/// A little is left to CUDA itself: its context, and what its libraries work in.
GpuShare share_of_gpu(std::int64_t free_bytes, int ranks);

/// What a family takes while it is searched, with so many circuits side by side.
struct FamilyNeed {
  int circuits = 0;  // 0: not even one fits
  MemoryNeed need;   // of those; of one if none fits
};
FamilyNeed family_need(const Gpt2Config& config, std::span<const BackendMemory> rungs,
                       const FamilyShape& family, int most_circuits, const GpuShare& share);

/// "weights 1.42 GB, the family 0.31 GB".
std::string describe(const MemoryNeed& need);

/// What to tell the user if none fits.
std::string why_it_does_not_fit(const std::string& family, const FamilyNeed& need,
                                const GpuShare& share);

}  // namespace headsweep
