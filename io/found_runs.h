// The runs that a person names: by run files, by an index, or by the folder that holds one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/analysis_record.h"
#include "io/run_record.h"

namespace headsweep {

struct FoundRun {
  std::string name;  // the run file's without .h5
  std::filesystem::path file;
  std::string family, corruption;
  double threshold = 0;
  std::string order, ablation;
  std::string resample;  // as in the run's identity, else empty
  std::string status;  // as in an index; or, of a file that an index names: "missing", "unreadable"
  std::string reason;  // why it failed or cannot be read, else empty
  std::optional<RunRecord> record;         // none where no file is, or none that can be read
  std::optional<AnalysisRecord> analysis;  // of this record, where its file is beside the run's
  std::string analysis_problem;            // why one that is there is none, else empty
};

/// In the order in which they are named, an index's in its own; each file once. UserError if a path
/// does not exist, or is neither run, index nor a folder with an index. A run that an index lists
/// is never an error: it may be pending, and one damaged file does not hide the others. Among the
/// paths may be analyses, which stand for their runs, and comparisons (io/found_comparisons.h).
std::vector<FoundRun> find_runs(const std::vector<std::filesystem::path>& paths);

/// Its search has come to its end: it has a circuit.
bool is_finished(const FoundRun& run);

/// The same for all names of a file.
std::filesystem::path identity_of(const std::filesystem::path& file);

/// What sets the run apart from one with the defaults: ", order forward, zero ablation"; often
/// empty. It is read after family, corruption and threshold.
std::string variant_of(const FoundRun& run);

}  // namespace headsweep
