// The memory that this process has needed.
#pragma once

#include <cstdint>

namespace headsweep {

/// The largest resident set so far, as the operating system counts it.
std::int64_t peak_memory_bytes();

}  // namespace headsweep
