// What each component does by itself.
#pragma once

#include <vector>

#include "io/analysis_record.h"
#include "pipeline/analyses/scorer.h"
#include "pipeline/analyses/subject.h"

namespace headsweep {

/// Each component alone removed from everything, and each alone kept.
std::vector<KnockoutRecord> knock_out(Scorer& scorer, const Subject& subject);

}  // namespace headsweep
