#include "pipeline/gpu_memory.h"

#include <algorithm>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/memory.h"

namespace headsweep {
namespace {

double in_gigabytes(std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

}  // namespace

GpuShare share_of_gpu(std::int64_t free_bytes, int ranks) {
  constexpr std::int64_t most_for_cuda = std::int64_t{512} << 20, part_for_cuda = 16;
  const std::int64_t all = free_bytes / ranks;
  return {all - std::min(all / part_for_cuda, most_for_cuda), ranks};
}

std::int64_t share_of_memory(double gigabytes, int ranks) {
  if (gigabytes > 0) return static_cast<std::int64_t>(gigabytes * 1e9);
  return machine_memory_bytes() / 2 / ranks;
}

namespace {

FamilyNeed need_in(const Gpt2Config& config, std::span<const BackendMemory> rungs,
                   const PromptBatch& clean, const PromptBatch& corrupted, const AblationRule& rule,
                   int most_circuits, std::int64_t bytes) {
  const AtOnce fitting = what_fits(config, rungs, clean, corrupted, rule, most_circuits, bytes);
  return {fitting, memory_need(config, rungs, family_shape(clean, corrupted, rule, fitting.prompts),
                               std::max(fitting.circuits, 1))};
}

}  // namespace

FamilyNeed family_need(const Gpt2Config& config, std::span<const BackendMemory> rungs,
                       const PromptBatch& clean, const PromptBatch& corrupted,
                       const AblationRule& rule, int most_circuits, const GpuShare& share) {
  return need_in(config, rungs, clean, corrupted, rule, most_circuits, share.bytes);
}

FamilyNeed family_need(const Gpt2Config& config, std::span<const BackendMemory> rungs,
                       const PromptBatch& clean, const PromptBatch& corrupted,
                       const AblationRule& rule, int most_circuits, std::int64_t family_bytes) {
  const FamilyShape one_prompt{.clean_rows = 1, .prompts = 1};
  const std::int64_t weights = memory_need(config, rungs, one_prompt, 1).weights;
  return need_in(config, rungs, clean, corrupted, rule, most_circuits, family_bytes + weights);
}

std::string describe_parts(const PromptBatch& clean, const AtOnce& at_once) {
  if (at_once.prompts >= clean.prompts()) return "";
  return fmt::format(", {} prompts in parts of {}", clean.prompts(), at_once.prompts);
}

std::string describe(const MemoryNeed& need) {
  return fmt::format("weights {:.2f} GB, the family {:.2f} GB", in_gigabytes(need.weights),
                     in_gigabytes(need.family + need.passing + need.workspace));
}

std::string why_it_does_not_fit(const std::string& family, const FamilyNeed& need,
                                const GpuShare& share) {
  const std::string shared =
      share.ranks == 1 ? "" : fmt::format(" ({} ranks share it)", share.ranks);
  return fmt::format(
      "family '{}' needs {:.2f} GB of a GPU's memory ({}), and {:.2f} GB can be had{}: a single "
      "run.precision takes less than auto, fewer prompts or a smaller model do, {}or take a GPU "
      "with more",
      family, in_gigabytes(need.need.peak()), describe(need.need), in_gigabytes(share.bytes),
      shared, share.ranks == 1 ? "" : "fewer ranks to a GPU do, ");
}

AtOnce fit_alone(const Device& device, const Gpt2& model, const std::string& family,
                 const PromptBatch& clean, const PromptBatch& corrupted, const AblationRule& rule,
                 double gigabytes) {
  const BackendMemory rung = backend_memory(model.config(), model.backend());
  const auto fit_in = [&](const auto& share) {
    const FamilyNeed need =
        family_need(model.config(), {&rung, 1}, clean, corrupted, rule, 1, share);
    if (need.at_once.circuits == 0) throw UserError(why_it_does_not_fit(family, need, share));
    return need.at_once;
  };
  return device.gpu ? fit_in(share_of_gpu(device.gpu->free_bytes, 1))
                    : fit_in(share_of_memory(gigabytes, 1));
}

std::string why_it_does_not_fit(const std::string& family, const FamilyNeed& need,
                                std::int64_t family_bytes) {
  return fmt::format(
      "family '{}' needs {:.2f} GB of a rank's memory even if it is run prompt by prompt, and "
      "{:.2f} "
      "GB can be had: raise run.family_memory_gb, take fewer ranks to a machine, or a single "
      "run.precision",
      family, in_gigabytes(need.need.peak() - need.need.weights), in_gigabytes(family_bytes));
}

}  // namespace headsweep
