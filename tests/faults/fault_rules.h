// Which calls of the C library shall fail, and how: read from the environment.
//
//   HEADSWEEP_FAULTS_UNDER  only files below this folder are meant (clocks always are)
//   HEADSWEEP_FAULTS        rules, with ";" between them: CALL FAULT [from=N] [times=N] [every=N]
//   [after=BYTES] HEADSWEEP_FAULTS_LOG    a file that gets a line for each fault that was made
//
// CALL is open, read, write, fsync, rename, close or clock. FAULT is the name of an error (ENOSPC,
// EINTR, ...), `short` (half of what was asked for, of read and write), or for the clock seconds
// that the time of day jumps by. `from`: the N-th such call is the first that is meant; `times`:
// how many are, all if it is not said; `every`: each N-th of those; `after`: as soon as so many
// bytes were written. Calls are counted over all files and threads.
#pragma once

#include <cstddef>
#include <string>

namespace faults {

enum class Call { open, read, write, fsync, rename, close, clock };

/// What shall become of a call.
struct Fate {
  int error = 0;          // its errno; 0: none
  bool is_short = false;  // half of the bytes
};

/// Whether there is any rule for such calls, so that the others cost nothing.
bool is_meant(Call call);

/// Counts the call, and says what becomes of it. `path`: empty for a clock.
Fate fate_of(Call call, const std::string& path);

/// Counts what was really written below the folder.
void note_written(std::size_t bytes);

/// By how much the time of day is wrong.
long long clock_shift_seconds();

/// Whether the path lies below HEADSWEEP_FAULTS_UNDER.
bool is_below(const std::string& path);

}  // namespace faults
