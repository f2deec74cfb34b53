#include "pipeline/clock.h"

#include <ctime>

#include <fmt/chrono.h>

namespace headsweep {

std::string now_utc() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

}  // namespace headsweep
