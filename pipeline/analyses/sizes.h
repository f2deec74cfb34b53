// The best components by what the search lost without them, in the sizes in which MIB takes them
// (arXiv 2504.13151), and the areas under their faithfulness.
#pragma once

#include <array>
#include <vector>

#include "io/analysis_record.h"
#include "pipeline/analyses/scorer.h"
#include "pipeline/analyses/subject.h"

namespace headsweep {

/// Of all components; evaluate_area_under_curve() of MIB's circuit track.
inline constexpr std::array size_fractions = {.001, .002, .005, .01, .02, .05, .1, .2, .5, 1.0};

/// All components, the best first: by loss, of equal ones those that the circuit keeps, then in
/// order.
Subset best_first(const Subject& subject);

std::vector<SizeRecord> score_sizes(Scorer& scorer, const Subject& subject);

/// Areas of normalised faithfulness f over the fractions, by trapezoids.
struct Areas {
  double cpr = 0;  // of f: more is better
  double cmd = 0;  // of |1 - f|: 0 is best
};
Areas areas_of(const AnalysisRecord& record);

}  // namespace headsweep
