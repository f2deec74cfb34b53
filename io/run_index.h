// index.h5: one entry per run of a job, with a link to each run file, so that one open shows them
// all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/file_origin.h"

namespace headsweep {

struct IndexEntry {
  std::string name;                // group name in the index: the run file's name without .h5
  std::filesystem::path run_file;  // relative to the index's folder
  std::string family, corruption;
  double threshold = 0;
  std::string order, ablation;
  std::string resample;  // as in the run's identity, else empty
  /// "pending", "running", "stopped", "complete", "contradicted", "spoilt", "failed".
  std::string status;
  std::string reason;  // why it failed, else empty
  int decisions = 0, kept = 0;
  double score_percent = 0;  // of the circuit so far
};

/// Writes all entries, atomically as the run file is.
void write_run_index(const std::vector<IndexEntry>& entries, const std::filesystem::path& path);

/// UserError if it is not such a file.
std::vector<IndexEntry> read_run_index(const std::filesystem::path& path,
                                       FileOrigin origin = FileOrigin::anywhere);

}  // namespace headsweep
