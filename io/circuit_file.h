// A circuit as a file: {"heads": [[layer, head], ...]} or {"positions": {"S1": [[layer, head],
// ...], ...}}, and beside it {"mlps": [layer, ...]}.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/run_record.h"

namespace headsweep {

struct CircuitFile {
  HeadList heads;                                           // kept where the job's `positions` says
  std::vector<std::pair<std::string, HeadList>> positions;  // kept at that named position only
  bool heads_given = false;   // by one of the two; else heads take no part, none is ablated
  bool per_position = false;  // which of the two
  std::optional<std::vector<int>> mlps;  // kept; nullopt: MLPs take no part, none is ablated
};

/// UserError (file, line) unless the file has one of the keys for heads, or 'mlps', or both, with
/// non-negative integers, nothing twice. Whether the model has such heads is for the caller to
/// check.
CircuitFile read_circuit(const std::filesystem::path& path);

}  // namespace headsweep
