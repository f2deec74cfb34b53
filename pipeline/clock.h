// Time that only goes forward.
#pragma once

#include <chrono>

namespace headsweep {

inline double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace headsweep
