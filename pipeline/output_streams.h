// What the program prints where nobody may be listening: a terminal that was closed, a pipe whose
// reader has gone, a log on a full disk.
#pragma once

#include <string>

namespace headsweep {

/// From now on printing to stdout and stderr never fails: what cannot be written is thrown away, so
/// that a job goes on without its terminal. Where one of the standard streams is closed, it leads
/// nowhere; else the next file to be opened would take its number, and what is printed.
void print_come_what_may();

/// Why some of what was printed to stdout has been thrown away; empty: nothing was.
std::string why_output_was_lost();

}  // namespace headsweep
