// A job's progress on stderr: one line that is rewritten on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "io/run_record.h"

namespace headsweep {

class Progress {
 public:
  explicit Progress(std::size_t runs);

  /// A run as this start of the job finds it. `decisions`: how many its search makes, or at least
  /// makes, if that depends on them.
  void add(const RunRecord& record, std::string name, int decisions);
  /// The searches begin; says which go on.
  void begin();
  void update(std::size_t run, const RunRecord& record);
  /// It will not be searched.
  void leave_out(std::size_t run);

  /// Shows the state, at most ten times a second on a terminal, else every ten seconds.
  void show(int ranks_at_work);
  /// Makes room for other output.
  void clear_line();
  /// Shows the state for the last time.
  void end();

 private:
  struct Run {
    std::string name;
    int decided = 0, decisions = 0, kept = 0, waves = 0;
    double score_percent = 100;
    long long evaluations = 0;
    bool complete = false, left_out = false;
  };
  static Run state_of(const RunRecord& record, std::string name, int decisions);
  std::string line() const;
  std::string of_one(const Run& run) const;

  std::vector<Run> runs_;
  std::size_t latest_ = 0;  // the run that has moved last
  int resumed_ = 0;         // decisions of earlier starts
  long long evaluations_before_ = 0;
  int ranks_at_work_ = 0;
  bool terminal_, anything_new_ = false, line_shown_ = false;
  std::chrono::steady_clock::time_point started_, shown_;
};

}  // namespace headsweep
