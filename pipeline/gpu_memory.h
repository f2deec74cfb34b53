// Whether a job's families fit into memory, before it is loaded; how many circuits side by side do,
// and how many prompts at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/job.h"
#include "model/device.h"
#include "model/gpt2.h"
#include "model/memory_need.h"

namespace headsweep {

/// What a rank may take of a GPU.
struct GpuShare {
  std::int64_t bytes = 0;
  int ranks = 1;  // that share the GPU
};
/// A little is left to CUDA itself: its context, and what its libraries work in.
GpuShare share_of_gpu(std::int64_t free_bytes, int ranks);

/// What the family may take of the processor's memory on each of so many ranks of a node, in bytes:
/// `gigabytes`, or half of what there is, in equal parts, if that is 0. The weights are not in it.
std::int64_t share_of_memory(double gigabytes, int ranks);

/// What a family takes while it is searched.
struct FamilyNeed {
  AtOnce at_once;   // 0 circuits: not even one prompt fits
  MemoryNeed need;  // of that; of one circuit on one prompt if it does not fit
};

/// Of a GPU of which a rank may take so many bytes.
FamilyNeed family_need(const Gpt2Config& config, std::span<const BackendMemory> rungs,
                       const PromptBatch& clean, const PromptBatch& corrupted,
                       const AblationRule& rule, int most_circuits, const GpuShare& share);
/// Of a processor, of whose memory the family may take so many bytes.
FamilyNeed family_need(const Gpt2Config& config, std::span<const BackendMemory> rungs,
                       const PromptBatch& clean, const PromptBatch& corrupted,
                       const AblationRule& rule, int most_circuits, std::int64_t family_bytes);

/// What is run at once by a process that has the device to itself, in one precision; `gigabytes` as
/// in share_of_memory(). UserError if it does not fit.
AtOnce fit_alone(const Device& device, const Gpt2& model, const std::string& family,
                 const PromptBatch& clean, const PromptBatch& corrupted, const AblationRule& rule,
                 double gigabytes);

/// "weights 1.42 GB, the family 0.31 GB".
std::string describe(const MemoryNeed& need);

/// ", 100000 prompts in parts of 4546"; nothing if they are run at once.
std::string describe_parts(const PromptBatch& clean, const AtOnce& at_once);

/// What to tell the user if nothing fits.
std::string why_it_does_not_fit(const std::string& family, const FamilyNeed& need,
                                const GpuShare& share);
std::string why_it_does_not_fit(const std::string& family, const FamilyNeed& need,
                                std::int64_t family_bytes);

}  // namespace headsweep
