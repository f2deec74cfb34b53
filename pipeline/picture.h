// A run as text for the terminal.
#pragma once

#include <string>

#include "io/run_record.h"

namespace headsweep {

/// Layers x heads, and MLPs if they take part; the last layer on top: '#' kept, '.' removed, '?'
/// not decided yet; '+' kept at some positions.
std::string circuit_picture(const RunRecord& record);

/// What was run, what came out and how sure that is, in a few lines, the picture among them.
/// `fragile_amount`: percentage points by which the threshold is thought to move.
std::string summary(const RunRecord& record, double fragile_amount = fragile_points);

/// All decisions as a table.
std::string decision_table(const RunRecord& record);

/// Those that would fall otherwise at a threshold moved by `amount`, the nearest first.
std::string fragile_table(const RunRecord& record, double amount);

}  // namespace headsweep
