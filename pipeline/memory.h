// The memory that this process has needed, and can have.
#pragma once

#include <cstdint>

namespace headsweep {

/// The largest resident set so far, as the operating system counts it.
std::int64_t peak_memory_bytes();

/// The resident set as it is.
std::int64_t resident_memory_bytes();

/// Gives what was freed back to the operating system: after the parsing of many prompts that is
/// more than what remains.
void give_back_freed_memory();

/// Of the machine; or of the control group (a container, a Slurm job) that this process is in, if
/// that is less.
std::int64_t machine_memory_bytes();

}  // namespace headsweep
