// Opens the device that a job names.
#pragma once

#include <memory>

#include "io/job.h"
#include "kernels/backend.h"

namespace headsweep {

/// `threads` of the processor, 0 for as many as the process may use.
std::unique_ptr<Backend> open_device(DeviceChoice choice, int threads);

}  // namespace headsweep
