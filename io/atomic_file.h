// Files that are complete at every moment: written beside their place, synced, then renamed.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace headsweep {

/// Calls `write` with a temporary path in `path`'s folder, then fsyncs that file, renames it to
/// `path` and fsyncs the folder. Whatever goes wrong, `path` holds either its old content or all of
/// the new one, and the temporary file is gone. MachineError if the file system refuses; what
/// `write` throws passes through.
void write_whole(const std::filesystem::path& path,
                 const std::function<void(const std::filesystem::path& temporary)>& write);

void write_whole(const std::filesystem::path& path, std::string_view text);

/// Removes the temporary files of processes that were killed while they wrote files of these names
/// in the folder. For those who know that nobody else writes them now.
void remove_leftovers(const std::filesystem::path& folder, const std::set<std::string>& names);

}  // namespace headsweep
