// What `plan` finds out about a job, as plain values.
#pragma once

#include <string>
#include <vector>

namespace headsweep {

/// A run, its resamples with it.
struct PlannedRun {
  std::string file;
  std::string family, corruption;
  double threshold = 0;
  std::string order, ablation;
  int resamples = 0;
  int prompts = 0;
  long long decisions = 0, left = 0;  // of all resamples; at least, if the order alternates
  double seconds = 0;                 // here, of what is left: at most, where runs share scores
  std::string state;                  // "new", "begun", "complete", "left out"
  std::string reason;                 // why it is left out, else empty
};

struct PlannedJob {
  std::string job, model;
  std::vector<PlannedRun> runs;
  int ranks = 1;
  double expected_seconds = 0;  // on the ranks, loading included
  std::vector<std::string> warnings = {};
};

/// The runs as a table with a line for their sum. What is the same for all of them has no column.
std::string planned_table(const std::vector<PlannedRun>& runs);

std::string to_json(const PlannedJob& planned);

}  // namespace headsweep
