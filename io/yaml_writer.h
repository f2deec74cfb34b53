// Texts and paths as YAML that reads back to the same.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace headsweep {

/// In double quotes, which can hold anything.
std::string yaml_text(std::string_view text);

/// "["a", "b"]".
std::string yaml_list(const std::vector<std::string>& texts);

/// The whole path, as a text.
std::string yaml_path(const std::filesystem::path& path);

}  // namespace headsweep
