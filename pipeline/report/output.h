// Where a report or an export goes.
#pragma once

#include <filesystem>
#include <string_view>

namespace headsweep {

/// To stdout if `output` is empty, else whole into that file. UserError for a folder that does not
/// exist and for the name of a run file, which would be lost.
void put_out(std::string_view text, const std::filesystem::path& output);

}  // namespace headsweep
