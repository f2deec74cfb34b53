#include "pipeline/gpu_memory.h"

#include <algorithm>

#include <fmt/format.h>

namespace headsweep {
namespace {

double in_gigabytes(std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

}  // namespace

GpuShare share_of_gpu(std::int64_t free_bytes, int ranks) {
  constexpr std::int64_t most_for_cuda = std::int64_t{512} << 20, part_for_cuda = 16;
  const std::int64_t all = free_bytes / ranks;
  return {all - std::min(all / part_for_cuda, most_for_cuda), ranks};
}

FamilyNeed family_need(const Gpt2Config& config, std::span<const BackendMemory> rungs,
                       const FamilyShape& family, int most_circuits, const GpuShare& share) {
  const int circuits = circuits_that_fit(config, rungs, family, most_circuits, share.bytes);
  return {circuits, memory_need(config, rungs, family, std::max(circuits, 1))};
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

}  // namespace headsweep
