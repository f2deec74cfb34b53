#include "pipeline/ranks/cores.h"

#include <algorithm>
#include <cstddef>

namespace headsweep {

cpu_set_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    for (std::size_t core = 0; core < CPU_SETSIZE; ++core) CPU_SET(core, &set);
  return set;
}

int own_cores(const cpu_set_t& mine, std::span<const cpu_set_t> all) {
  double sum = 0;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &mine)) continue;
    const auto users = std::ranges::count_if(
        all, [&](const cpu_set_t& set) { return CPU_ISSET(core, &set) != 0; });
    sum += 1.0 / static_cast<double>(std::max<std::ptrdiff_t>(users, 1));
  }
  // A little more than rounding could take away.
  return std::max(1, static_cast<int>(sum + 1e-6));
}

}  // namespace headsweep
