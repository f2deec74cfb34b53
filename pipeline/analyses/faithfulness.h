// Whether a circuit is complete and minimal, as the IOI paper defines it (arXiv 2211.00593, section
// 4); formulas in docs/analyses.md.
#pragma once

#include <vector>

#include "io/analysis_record.h"
#include "pipeline/analyses/scorer.h"
#include "pipeline/analyses/subject.h"

namespace headsweep {

/// Random subsets, then those that the greedy searches found (each once), then the whole circuit.
std::vector<CompletenessRecord> completeness(Scorer& scorer, const Subject& subject,
                                             const SubsetDraws& draws);

/// For each component the worst of: no others removed, the random subsets of completeness without
/// it, and what a shorter greedy search found.
std::vector<MinimalityRecord> minimality(Scorer& scorer, const Subject& subject,
                                         const SubsetDraws& draws);

/// Half of completeness's iterations with half of its candidates, since there is a search for each
/// component.
constexpr int for_minimality(int iterations_or_candidates) {
  return (iterations_or_candidates + 1) / 2;
}

}  // namespace headsweep
