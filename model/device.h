// Opens the device that a job names, in a precision.
#pragma once

#include <memory>
#include <vector>

#include "io/job.h"
#include "kernels/backend.h"
#include "kernels/rung.h"

namespace headsweep {

/// `threads` of the processor, 0 for as many as the process may use. UserError if the device does
/// not have the precision.
std::unique_ptr<Backend> open_device(DeviceChoice choice, Rung rung, int threads);

/// The precisions that the device has, from the cheapest on.
std::vector<Rung> available_rungs(DeviceChoice choice);

}  // namespace headsweep
