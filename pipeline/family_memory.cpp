#include "pipeline/family_memory.h"

#include <algorithm>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/memory.h"

namespace headsweep {
namespace {

std::string what_a_gpu_needs(const MemoryNeed& need, const MemoryShare& share) {
  const std::string shared =
      share.ranks == 1 ? "" : fmt::format(" ({} ranks share it)", share.ranks);
  return fmt::format(
      "{:.2f} GB of a GPU's memory ({}), and {:.2f} GB can be had{}: a single run.precision takes "
      "less than auto, fewer prompts or a smaller model do, {}or take a GPU with more",
      in_gigabytes(need.peak()), describe(need), in_gigabytes(share.bytes), shared,
      share.ranks == 1 ? "" : "fewer ranks to a GPU do, ");
}

std::string what_a_processor_needs(const MemoryNeed& need, const MemoryShare& share) {
  return fmt::format(
      "{:.2f} GB of a rank's memory even if it is run prompt by prompt, and {:.2f} GB can be had: "
      "raise run.family_memory_gb, take fewer ranks to a machine, or a single run.precision",
      in_gigabytes(need.peak() - need.weights), in_gigabytes(share.bytes));
}

}  // namespace

MemoryShare share_of_gpu(std::int64_t free_bytes, int ranks) {
  constexpr std::int64_t most_for_cuda = std::int64_t{512} << 20, part_for_cuda = 16;
  const std::int64_t all = free_bytes / ranks;
  return {
      .of_gpu = true, .bytes = all - std::min(all / part_for_cuda, most_for_cuda), .ranks = ranks};
}

MemoryShare share_of_processor(double gigabytes, int ranks) {
  const std::int64_t bytes = gigabytes > 0 ? static_cast<std::int64_t>(gigabytes * 1e9)
                                           : machine_memory_bytes() / 2 / ranks;
  return {.of_gpu = false, .bytes = bytes, .ranks = ranks};
}

MemoryShare share_alone(const Device& device, double gigabytes) {
  return device.gpu ? share_of_gpu(device.gpu->free_bytes, 1) : share_of_processor(gigabytes, 1);
}

FamilyNeed family_need(const ModelConfig& config, std::span<const BackendMemory> rungs,
                       const PromptBatch& clean, const PromptBatch& corrupted,
                       const AblationRule& rule, int most_circuits, const MemoryShare& share) {
  const FamilyShape one_prompt{.clean_rows = 1, .prompts = 1};
  const std::int64_t beside = share.of_gpu ? 0 : memory_need(config, rungs, one_prompt, 1).weights;
  const AtOnce fitting =
      what_fits(config, rungs, clean, corrupted, rule, most_circuits, share.bytes + beside);
  return {fitting, memory_need(config, rungs, family_shape(clean, corrupted, rule, fitting.prompts),
                               std::max(fitting.circuits, 1))};
}

void check_that_it_fits(const std::string& family, const FamilyNeed& need,
                        const MemoryShare& share) {
  if (need.at_once.circuits > 0) return;
  throw UserError(fmt::format("family '{}' needs {}", family,
                              share.of_gpu ? what_a_gpu_needs(need.need, share)
                                           : what_a_processor_needs(need.need, share)));
}

AtOnce fit_alone(const Device& device, const Model& model, const std::string& family,
                 const PromptBatch& clean, const PromptBatch& corrupted, const AblationRule& rule,
                 double gigabytes) {
  const BackendMemory rung = backend_memory(model.config(), model.backend());
  const MemoryShare share = share_alone(device, gigabytes);
  const FamilyNeed need = family_need(model.config(), {&rung, 1}, clean, corrupted, rule, 1, share);
  check_that_it_fits(family, need, share);
  return need.at_once;
}

std::string describe_parts(const PromptBatch& clean, const AtOnce& at_once) {
  if (at_once.prompts >= clean.prompts()) return "";
  return fmt::format(", {} prompts in parts of {}", clean.prompts(), at_once.prompts);
}

double in_gigabytes(std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

std::string describe(const MemoryNeed& need) {
  return fmt::format("weights {:.2f} GB, the family {:.2f} GB", in_gigabytes(need.weights),
                     in_gigabytes(need.family + need.passing + need.workspace));
}

}  // namespace headsweep
