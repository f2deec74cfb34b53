// What the analysis commands print.
#pragma once

#include <string>

#include "pipeline/analyses/analyses.h"

namespace headsweep {

/// For people: of long lists what matters most, and how many more there are.
std::string analysis_tables(const Analyses& analyses, Analysis analysis);

/// All of it (forms: io/README.md).
std::string analyses_json(const Analyses& analyses, Analysis analysis);

}  // namespace headsweep
