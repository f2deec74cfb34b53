// A circuit as a file: {"heads": [[layer, head], ...]} or {"positions": {"S1": [[layer, head],
// ...], ...}}.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace headsweep {

using HeadList = std::vector<std::pair<int, int>>;  // (layer, head)

struct CircuitFile {
  HeadList heads;                                           // kept where the job's `positions` says
  std::vector<std::pair<std::string, HeadList>> positions;  // kept at that named position only
  bool per_position = false;                                // which of the two the file gave
};

/// UserError (file, line) unless the file has exactly one of the two keys and pairs of non-negative
/// integers, none twice. Whether the model has such heads is for the caller to check.
CircuitFile read_circuit(const std::filesystem::path& path);

}  // namespace headsweep
