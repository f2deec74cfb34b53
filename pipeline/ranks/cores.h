// Which processor cores a process may use, and what its part of them is where others use them too.
#pragma once

#include <span>

#include <sched.h>

namespace headsweep {

/// The cores that this process may use; all if the system does not say.
cpu_set_t usable_cores();

/// How many of `mine` are a process's own: a core that n of the node's processes may use counts for
/// 1/n. At least 1. `all`: of all the node's processes, `mine` among them.
int own_cores(const cpu_set_t& mine, std::span<const cpu_set_t> all);

}  // namespace headsweep
