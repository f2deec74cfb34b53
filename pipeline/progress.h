// A run's progress on stderr: one line that is rewritten on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <string>

#include "io/run_record.h"

namespace headsweep {

class Progress {
 public:
  /// `resumed`: decisions that were made in an earlier start.
  Progress(std::string family, int heads_in_all, int resumed);

  /// Shows the state, at most ten times a second on a terminal, else every ten seconds; `last`
  /// always.
  enum class When { passing, last };
  void show(const RunRecord& record, When when);

 private:
  std::string line(const RunRecord& record) const;

  std::string family_;
  int heads_in_all_, resumed_;
  bool terminal_;
  std::chrono::steady_clock::time_point started_, shown_;
};

}  // namespace headsweep
