// Time that a process did not live through: whoever was suspended (Ctrl-Z, a scheduler that lets
// another job go first) has not been waiting.
#pragma once

namespace headsweep {

/// From now on, waking up (SIGCONT) is noticed.
void watch_for_suspension();

/// Seconds that only go on while the process is not suspended, as far as the time since the last
/// call can tell.
double seconds_awake();

}  // namespace headsweep
