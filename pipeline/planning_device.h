// What `plan` computes with: often called on a login node, it has to do without the GPU that the
// job will have.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/job.h"
#include "io/run_record.h"
#include "model/device.h"
#include "model/memory_need.h"
#include "pipeline/families.h"
#include "pipeline/ladder.h"

namespace headsweep {

struct PlanningDevice {
  Device device;
  bool stands_in = false;  // for a GPU, which the job is to have and this machine has not
};

/// Whether the job will compute on GPUs: asked for, or found here.
bool is_for_gpus(const PlanningDevice& planning);

/// The job's device; the processor for a GPU that is not here.
PlanningDevice device_for_planning(const Job& job, int threads);

/// What follows the device's description: why it is the processor, where it could be a GPU.
std::string describe(const PlanningDevice& planning);

/// The job's ladder; where the processor stands in, one with the precisions of GPUs, whose costs
/// are not known here.
Ladder ladder_for(const Job& job, const PlanningDevice& planning);
std::string describe_ladder(const Job& job, const PlanningDevice& planning, const Ladder& ladder);

/// What the ladder's backends are, and need.
struct PlannedRungs {
  DeviceInfo info;                    // of all in one; nothing where the processor stands in
  std::vector<BackendMemory> memory;  // by rung
};
PlannedRungs open_rungs(const PlanningDevice& planning, const Ladder& ladder,
                        const ModelConfig& config);

/// What a family will take of the memory that one rank has for itself, and so what of it is run at
/// once here. UserError if it does not fit.
struct PlannedFamily {
  std::string memory;  // a line
  AtOnce at_once;      // where the processor stands in for a GPU: on the processor
};
PlannedFamily plan_memory(const Job& job, const PlanningDevice& planning, const PlannedRungs& rungs,
                          const ModelConfig& config, const Family& family,
                          const AblationRule& rule);

/// Of a run that was begun elsewhere, what depends on the device: it cannot be checked here.
void take_device_of_file(RunRecord& fresh, const std::filesystem::path& path);

}  // namespace headsweep
