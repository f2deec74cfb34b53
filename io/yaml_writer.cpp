#include "io/yaml_writer.h"

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {

std::string yaml_text(std::string_view text) {
  std::string yaml = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      yaml += fmt::format("\\x{:02x}", byte);
    } else {
      if (c == '"' || c == '\\') yaml += '\\';
      yaml += c;
    }
  }
  return yaml + '"';
}

std::string yaml_list(const std::vector<std::string>& texts) {
  std::string yaml;
  for (const std::string& text : texts) yaml += (yaml.empty() ? "" : ", ") + yaml_text(text);
  return "[" + yaml + "]";
}

std::string yaml_path(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (error)
    throw MachineError(
        fmt::format("{}: cannot be made an absolute path ({})", path.string(), error.message()));
  return yaml_text(absolute.lexically_normal().string());
}

}  // namespace headsweep
