// Time that only goes forward, and the time of day.
#pragma once

#include <chrono>
#include <string>

namespace headsweep {

inline double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// "2026-01-31T23:59:00Z".
std::string now_utc();

}  // namespace headsweep
