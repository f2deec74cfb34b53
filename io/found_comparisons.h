// Comparisons of runs that a person names, or that lie beside an index that is named.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/analysis_record.h"
#include "io/found_runs.h"

namespace headsweep {

struct FoundComparison {
  std::filesystem::path file;
  std::optional<ComparisonRecord> record;  // none if there is a problem
  std::string problem;  // why it is not shown: damaged, or of other circuits than the runs'; else
                        // empty
};

/// `paths` as find_runs() takes them, and what it found. Each file once. UserError if a file that
/// is named itself is damaged.
std::vector<FoundComparison> find_comparisons(const std::vector<std::filesystem::path>& paths,
                                              const std::vector<FoundRun>& runs);

}  // namespace headsweep
