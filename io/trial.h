// Work that may not survive its input, done in a child process first.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>

namespace headsweep {

struct TrialLimits {
  std::size_t memory_bytes;  // beyond what the process has already
  unsigned cpu_seconds;
};

/// For work on a file or files of so many bytes: far more than any sound one needs.
TrialLimits limits_for(std::size_t input_bytes);

/// What the child found wrong: the text of the exception that left `work` there.
class TrialRefusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How the child ended before its time: "signal 11, Segmentation fault".
class TrialFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Calls `work` in a child process; returns if it came to its end there. TrialRefusal if an
/// exception left it, TrialFailure if it crashed, or went beyond a limit; MachineError if there can
/// be no child. What `work` changes in memory is lost; it must not speak to other processes.
void try_in_child(const TrialLimits& limits, const std::function<void()>& work);

}  // namespace headsweep
