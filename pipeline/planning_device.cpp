#include "pipeline/planning_device.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "io/run_file.h"
#include "pipeline/evaluator.h"
#include "pipeline/family_memory.h"
#include "pipeline/memory.h"
#include "pipeline/search.h"
#include "pipeline/shared_model.h"

namespace headsweep {

PlanningDevice device_for_planning(const Job& job, int threads) {
  const bool wants_gpu = job.run.device == DeviceChoice::cuda;
  Device device = find_device({wants_gpu ? DeviceChoice::automatic : job.run.device, threads});
  const bool stands_in = wants_gpu && !device.gpu;
  return {std::move(device), stands_in};
}

bool is_for_gpus(const PlanningDevice& planning) {
  return planning.stands_in || planning.device.gpu.has_value();
}

std::string describe(const PlanningDevice& planning) {
  const std::string& remark = planning.device.remark;
  if (!planning.stands_in) return remark.empty() ? "" : fmt::format(" ({})", remark);
  return fmt::format(
      "\n{}: the job is not checked against the GPU that it asks for, and the times below are this "
      "processor's",
      remark.empty() ? "no GPU: headsweep's CUDA plugin is not here" : remark);
}

Ladder ladder_for(const Job& job, const PlanningDevice& planning) {
  if (!planning.stands_in) return choose_ladder(job, planning.device);
  std::vector<RungCost> costs;
  for (const Rung rung : rungs_of_gpus())
    costs.push_back({rung, costs.empty() ? 1.0 : 2 * costs.back().cost});
  return make_ladder(job.run.precision, costs);
}

std::string describe_ladder(const Job& job, const PlanningDevice& planning, const Ladder& ladder) {
  const bool unknown = planning.stands_in && job.run.precision == Precision::automatic;
  return unknown ? "chosen on the GPU" : describe(ladder);
}

namespace {

/// Weights lie on a GPU as the processor's fp32 packs them, to within a hundredth; all rungs share
/// them.
std::vector<BackendMemory> memory_on_any_gpu(const Device& processor, const Ladder& ladder,
                                             const ModelConfig& config) {
  const auto fp32 = open_device(processor, Rung::fp32);
  std::vector<BackendMemory> memory(ladder.rungs.size(), backend_memory(config, *fp32));
  for (std::size_t i = 0; i < memory.size(); ++i)
    memory[i].element = ladder.rungs[i] == Rung::fp64 ? Element::float64 : Element::float32;
  return memory;
}

}  // namespace

PlannedRungs open_rungs(const PlanningDevice& planning, const Ladder& ladder,
                        const ModelConfig& config) {
  if (planning.stands_in) return {{}, memory_on_any_gpu(planning.device, ladder, config)};
  PlannedRungs planned;
  std::vector<DeviceInfo> devices;
  for (const Rung rung : ladder.rungs) {
    const auto backend = open_device(planning.device, rung);
    devices.push_back(backend->info());
    planned.memory.push_back(backend_memory(config, *backend));
  }
  planned.info = in_one(devices);
  planned.info.enough_rows = devices.front().enough_rows;
  planned.info.most_circuits = devices.front().most_circuits;
  return planned;
}

namespace {

std::string describe_on_gpu(const FamilyNeed& need, const Family& family,
                            const MemoryShare& share) {
  return fmt::format(
      "  GPU memory: {:.2f} GB ({}) with {} circuits side by side{}; it has {:.2f}, all for one "
      "rank\n",
      in_gigabytes(need.need.peak()), describe(need.need), need.at_once.circuits,
      describe_parts(family.clean, need.at_once), in_gigabytes(share.bytes));
}

/// Of the checkpoint, whose other tensors are given back once they are packed.
std::int64_t embedding_bytes(const ModelConfig& config) {
  const std::int64_t tables = config.is_tied() ? 1 : 2;
  return tables * config.vocabulary * config.d_model * std::int64_t{sizeof(float)};
}

/// What rank 0 will hold of the prompts and of what is found out about them, besides the prompts
/// that have been read: the runs' records, the order to the ranks, and a run file that is written.
std::int64_t book_bytes(const Job& job, const ModelConfig& config, const Family& family) {
  constexpr std::int64_t allocation = 32;  // as little takes so much
  std::int64_t prompts = 0;
  for (const PromptBatch* batch : {&family.clean, &family.corrupted})
    prompts += batch->prompts() * (std::ssize(batch->position_names) * 4 + 2 * allocation +
                                   static_cast<std::int64_t>(sizeof(PromptRecord))) +
               batch->all_tokens() * std::int64_t{4};
  const SearchRule rule =
      for_family(search_rule(job, config.layers, config.heads), family.clean.position_names);
  const std::int64_t results =
      std::int64_t{rule.decisions()} * family.clean.prompts() * std::int64_t{sizeof(double)};
  const auto runs =
      static_cast<std::int64_t>(job.search.thresholds.size() * job.search.orders.size()) *
      (1 + job.search.resample_prompts);
  return (runs + 1) * prompts + (runs + 2) * results + embedding_bytes(config);
}

/// All that rank 0 takes: what it has already counts, too.
std::string describe_on_processor(const FamilyNeed& need, const Family& family, std::int64_t books,
                                  const MemoryShare& share) {
  const auto megabytes = [](std::int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  const std::int64_t others = resident_memory_bytes() + books, all = need.need.peak() + others;
  return fmt::format(
      "  memory: {:.0f} MB for rank 0: packed weights {:.0f}, the family {:.0f} (it may take "
      "{:.0f}){}; "
      "prompts, results and the program {:.0f}\n",
      megabytes(std::max(all, peak_memory_bytes())), megabytes(need.need.weights),
      megabytes(need.need.peak() - need.need.weights), megabytes(share.bytes),
      describe_parts(family.clean, need.at_once), megabytes(others));
}

}  // namespace

PlannedFamily plan_memory(const Job& job, const PlanningDevice& planning, const PlannedRungs& rungs,
                          const ModelConfig& config, const Family& family,
                          const AblationRule& rule) {
  const MemoryShare share = share_alone(planning.device, job.run.family_memory_gb);
  const FamilyNeed need = family_need(config, rungs.memory, family.clean, family.corrupted, rule,
                                      circuits_side_by_side(rungs.info, family.clean), share);
  check_that_it_fits(family.prompts.name, need, share);
  if (share.of_gpu) return {describe_on_gpu(need, family, share), need.at_once};
  if (!planning.stands_in)
    return {describe_on_processor(need, family, book_bytes(job, config, family), share),
            need.at_once};
  const MemoryNeed on_gpu =
      memory_need(config, rungs.memory, family_shape(family.clean, family.corrupted, rule), 1);
  return {fmt::format("  GPU memory: at least {:.2f} GB for each rank ({}), less if it is run in "
                      "parts\n",
                      in_gigabytes(on_gpu.peak()), describe(on_gpu)),
          need.at_once};
}

void take_device_of_file(RunRecord& fresh, const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return;
  const RunRecord found = read_run_file(path, FileOrigin::own_output);
  for (auto& [name, value] : fresh.identity)
    if (name == "device" || name == "ladder") value = value_of(found.identity, name, value);
}

}  // namespace headsweep
