// Finds the device that a job names, and opens it in a precision.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/job.h"
#include "kernels/backend.h"
#include "kernels/cuda_plugin.h"
#include "kernels/rung.h"

namespace headsweep {

/// What a process wants to compute on.
struct DeviceRequest {
  DeviceChoice choice = DeviceChoice::automatic;
  int threads = 0;       // of the processor; 0: as many as the process may use
  int rank_on_node = 0;  // a node's GPUs go round among its processes
};

/// What that comes to on this machine.
struct Device {
  std::optional<Gpu> gpu;  // nullopt: the processor
  int threads = 0;
  std::string remark;              // why there is no GPU where one could be expected; mostly empty
  std::int64_t reserve_bytes = 0;  // of the GPU's memory, to be taken at once
};

/// automatic: a GPU if one can be used. MachineError that says what is missing if a GPU is asked
/// for and there is none: nothing is computed elsewhere silently.
Device find_device(const DeviceRequest& request);

/// UserError if the device does not have the precision.
std::unique_ptr<Backend> open_device(const Device& device, Rung rung);

/// The precisions that the device has, from the cheapest on.
std::vector<Rung> available_rungs(const Device& device);

/// As many a GPU has.
std::vector<Rung> rungs_of_gpus();

}  // namespace headsweep
