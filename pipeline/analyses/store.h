// Where analyses are kept, and which of them are those of a run as it is now.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "io/found_runs.h"
#include "pipeline/ladder.h"

namespace headsweep {

/// What the run's file of analyses has, if it is of this run as it is now, on this rung, by this
/// version of the program; else a record without any analysis.
AnalysisRecord stored_or_new_analyses(const FoundRun& run, Rung rung);

/// Beside the run's file.
void save_analyses(const AnalysisRecord& record, const FoundRun& run);

/// Of each run, what its circuit depends on (io/analysis_file.h).
std::vector<std::string> circuit_sums(const std::vector<FoundRun>& runs);

/// What a comparison of the runs depends on, but for their circuits.
NamedValues comparison_identity(const std::vector<FoundRun>& runs, Rung rung);

/// Nothing if there is no file at the path, or that of other runs, or of the same on another rung.
std::optional<ComparisonRecord> stored_comparison(const std::vector<FoundRun>& runs, Rung rung,
                                                  const std::filesystem::path& path);

/// Completeness and minimality depend on what subsets were drawn.
NamedValues with_draws(NamedValues identity, const SubsetDraws& draws);
bool has_draws(const NamedValues& identity, const SubsetDraws& draws);

}  // namespace headsweep
