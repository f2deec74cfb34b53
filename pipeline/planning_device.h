// What `plan` computes with: often called on a login node, it has to do without the GPU that the
// job will have.
#pragma once

#include <filesystem>
#include <string>

#include "io/job.h"
#include "io/run_record.h"
#include "model/device.h"
#include "pipeline/ladder.h"

namespace headsweep {

struct PlanningDevice {
  Device device;
  bool stands_in = false;  // for a GPU, which the job is to have and this machine has not
};

/// The job's device; the processor for a GPU that is not here.
PlanningDevice device_for_planning(const Job& job, int threads);

/// What follows the device's description: why it is the processor, where it could be a GPU.
std::string describe(const PlanningDevice& planning);

/// The job's ladder; where the processor stands in, one with the precisions of GPUs, whose costs
/// are not known here.
Ladder ladder_for(const Job& job, const PlanningDevice& planning);
std::string describe_ladder(const Job& job, const PlanningDevice& planning, const Ladder& ladder);

/// Of a run that was begun elsewhere, what depends on the device: it cannot be checked here.
void take_device_of_file(RunRecord& fresh, const std::filesystem::path& path);

}  // namespace headsweep
