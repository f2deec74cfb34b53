// A run as text for the terminal.
#pragma once

#include <string>

#include "io/run_record.h"

namespace headsweep {

/// Layers x heads, the last layer on top: '#' kept, '.' removed, '?' not decided yet.
std::string circuit_picture(const RunRecord& record);

/// What was run and what came out, in a few lines, the picture among them.
std::string summary(const RunRecord& record);

/// All decisions as a table.
std::string decision_table(const RunRecord& record);

}  // namespace headsweep
