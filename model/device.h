// Opens the device that a job names.
#pragma once

#include <memory>
#include <vector>

#include "io/job.h"
#include "kernels/backend.h"
#include "kernels/rung.h"

namespace headsweep {

/// The precisions in which the device computes, ascending.
std::vector<Rung> available_rungs(DeviceChoice choice);

/// `threads` of the processor, 0 for as many as the process may use.
std::unique_ptr<Backend> open_device(DeviceChoice choice, Rung rung, int threads);

}  // namespace headsweep
