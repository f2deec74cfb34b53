// The command table, out of the description that parses the command line.
#pragma once

#include <CLI/CLI.hpp>

#include "pipeline/command_table.h"

namespace headsweep {

CommandText read_command_table(const CLI::App& app);

}  // namespace headsweep
