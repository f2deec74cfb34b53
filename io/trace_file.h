// A published search as a CSV file: the columns layer, head, score_pct and removed (0 or 1), in the
// order of decisions.
#pragma once

#include <filesystem>
#include <vector>

namespace headsweep {

struct TraceStep {
  int layer = 0, head = 0;
  double score_percent = 0;
  bool removed = false;
};

/// Other columns are ignored. UserError (file, line) for a missing column or a value of the wrong
/// form.
std::vector<TraceStep> read_trace(const std::filesystem::path& path);

}  // namespace headsweep
