// What a file of results says that it is.
#pragma once

#include <filesystem>
#include <string>

namespace headsweep {

constexpr const char* run_format = "headsweep run";
constexpr const char* analysis_format = "headsweep analysis";
constexpr const char* comparison_format = "headsweep comparison";
constexpr const char* index_format = "headsweep index";

/// "" if it says nothing. UserError if the file is missing or no HDF5 file. Asked once for each
/// file: one that may be a stranger's is read in a child process first.
std::string result_format(const std::filesystem::path& path);

}  // namespace headsweep
