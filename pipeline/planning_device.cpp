#include "pipeline/planning_device.h"

#include <fmt/format.h>

#include "io/run_file.h"

namespace headsweep {

PlanningDevice device_for_planning(const Job& job, int threads) {
  const bool wants_gpu = job.run.device == DeviceChoice::cuda;
  Device device = find_device({wants_gpu ? DeviceChoice::automatic : job.run.device, threads});
  const bool stands_in = wants_gpu && !device.gpu;
  return {std::move(device), stands_in};
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

void take_device_of_file(RunRecord& fresh, const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return;
  const RunRecord found = read_run_file(path);
  for (auto& [name, value] : fresh.identity)
    if (name == "device" || name == "ladder") value = value_of(found.identity, name, value);
}

}  // namespace headsweep
