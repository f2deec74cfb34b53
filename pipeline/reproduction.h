// A run held against a published search, decision by decision along the published path.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/json_output.h"
#include "io/published_search.h"
#include "io/run_record.h"
#include "model/circuit.h"
#include "pipeline/search.h"

namespace headsweep {

/// Scores of circuits on the run's prompts, percent of the full model.
using ScoreCircuits = std::function<std::vector<double>(const std::vector<Circuit>&)>;

/// What a published search tried, in order; nothing if only the circuit of several passes is known.
/// UserError (line) if the rule would not try that.
std::vector<Component> tried_components(const PublishedSearch& published, const SearchRule& rule);

/// Each published decision beside what is found here for the same circuit: as far as the run's own
/// decisions are the published ones, that is in its record; behind the first that falls otherwise
/// its circuits are others, and `score` is asked for the published path's. It is not called if all
/// agree. `within`: percentage points by which a score may differ.
/// UserError if the run is not finished, or as of tried_components().
ReproducedRun reproduce(const PublishedSearch& published, const RunRecord& record, double within,
                        const ScoreCircuits& score);

/// The circuits are the same (of a search that was published as far as a part of the way: all of
/// its decisions), or each decision that falls otherwise does so with margins of no more than
/// `within`.
bool is_reproduced(const ReproducedRun& run);

/// What `headsweep verify --against` prints.
std::string describe(const ReproducedRun& run);

}  // namespace headsweep
