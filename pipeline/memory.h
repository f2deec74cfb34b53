// The memory that this process has needed, and can have.
#pragma once

#include <cstdint>

namespace headsweep {

/// The largest resident set so far, as the operating system counts it.
std::int64_t peak_memory_bytes();

/// Of the machine; or of the control group (a container, a Slurm job) that this process is in, if
/// that is less.
std::int64_t machine_memory_bytes();

}  // namespace headsweep
