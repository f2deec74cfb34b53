// Symbolic links that became text files: git does that on Windows, and so do some archives and web
// downloads.
#pragma once

#include <filesystem>
#include <string_view>

namespace headsweep {

/// UserError if `content`, the whole file at `path`, is one line that can only be another file's
/// path: with a '/', without '{'. The message names that path and says what to do.
void refuse_saved_link(const std::filesystem::path& path, std::string_view content);

}  // namespace headsweep
