// Being asked to stop: SIGINT, SIGTERM, SIGHUP (the terminal is closed), SIGUSR1 (Slurm's warning
// before a time limit).
#pragma once

namespace headsweep {

/// From now on the first such signal is noted; a second one ends the process at once, but for
/// SIGUSR1, which is ignored. Who has SIGHUP ignored (nohup) is not stopped by it.
/// Whoever reads what a job prints may go: that does not stop it.
void watch_for_stop_signals();

bool stop_requested();

/// A file that may not grow (ulimit -f) is an error of the call that writes, not the process's end.
void be_told_of_refused_writes();

}  // namespace headsweep
