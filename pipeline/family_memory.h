// Whether a job's families fit into memory, before it is loaded; how many circuits side by side do,
// and how many prompts at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/job.h"
#include "model/device.h"
#include "model/memory_need.h"
#include "model/model.h"

namespace headsweep {

/// What a rank may take of a GPU, the weights included; or what a family may take of the
/// processor's memory, beside the weights, which the ranks of a node share.
struct MemoryShare {
  bool of_gpu = false;
  std::int64_t bytes = 0;
  int ranks = 1;  // that share the GPU, or the node
};
/// A little is left to CUDA itself: its context, and what its libraries work in.
MemoryShare share_of_gpu(std::int64_t free_bytes, int ranks);
/// `gigabytes` for each rank; 0: half of what the machine has, in equal parts.
MemoryShare share_of_processor(double gigabytes, int ranks);
/// Of a process that has the device to itself; `gigabytes` if that is a processor.
MemoryShare share_alone(const Device& device, double gigabytes);

/// What a family takes while it is searched.
struct FamilyNeed {
  AtOnce at_once;   // 0 circuits: not even one prompt fits
  MemoryNeed need;  // of that; of one circuit on one prompt if it does not fit
};

FamilyNeed family_need(const ModelConfig& config, std::span<const BackendMemory> rungs,
                       const PromptBatch& clean, const PromptBatch& corrupted,
                       const AblationRule& rule, int most_circuits, const MemoryShare& share);

/// UserError, with what to do, if the family does not fit.
void check_that_it_fits(const std::string& family, const FamilyNeed& need,
                        const MemoryShare& share);

/// What is run at once by a process that has the device to itself, in one precision; `gigabytes` as
/// in share_of_processor(). UserError if it does not fit.
AtOnce fit_alone(const Device& device, const Model& model, const std::string& family,
                 const PromptBatch& clean, const PromptBatch& corrupted, const AblationRule& rule,
                 double gigabytes);

double in_gigabytes(std::int64_t bytes);

/// "weights 1.42 GB, the family 0.31 GB".
std::string describe(const MemoryNeed& need);

/// ", 100000 prompts in parts of 4546"; nothing if they are run at once.
std::string describe_parts(const PromptBatch& clean, const AtOnce& at_once);

}  // namespace headsweep
