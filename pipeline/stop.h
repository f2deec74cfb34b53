// Being asked to stop: SIGINT, SIGTERM, SIGUSR1 (Slurm's warning before a time limit).
#pragma once

namespace headsweep {

/// From now on the first such signal is noted; a second SIGINT or SIGTERM ends the process at once.
void watch_for_stop_signals();

bool stop_requested();

}  // namespace headsweep
