#include "io/text_file.h"

#include <array>
#include <fstream>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;

/// Refuses what opening could hang on (a pipe) or what reads as nothing (a folder).
void check_is_file(const fs::path& path, const std::string& what) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    const fs::path folder = path.parent_path();
    const bool folder_is_there = folder.empty() || fs::is_directory(folder, error);
    throw UserError(
        folder_is_there
            ? fmt::format("{}: {} does not exist; check the path", path.string(), what)
            : fmt::format("{}: {} does not exist (there is no folder {}); check the path",
                          path.string(), what, folder.string()));
  }
  if (status.type() == fs::file_type::none)
    throw UserError(
        fmt::format("{}: {} cannot be read ({})", path.string(), what, error.message()));
  if (status.type() == fs::file_type::directory)
    throw UserError(fmt::format("{}: {} is a folder; name a file", path.string(), what));
  if (status.type() != fs::file_type::regular)
    throw UserError(
        fmt::format("{}: {} is no regular file (a device, pipe or socket)", path.string(), what));
}

}  // namespace

std::string read_text(const fs::path& path, const std::string& what, std::size_t most_bytes) {
  check_is_file(path, what);
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw UserError(
        fmt::format("{}: {} cannot be opened; check its permissions", path.string(), what));
  std::string text;
  std::array<char, 1 << 16> piece;
  while (file.read(piece.data(), piece.size()) || file.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > most_bytes)
      throw UserError(fmt::format("{}: {} is too large (more than {} bytes); is it the right file?",
                                  path.string(), what, most_bytes));
  }
  if (file.bad())
    throw MachineError(fmt::format("{}: {} cannot be read to its end", path.string(), what));
  return text;
}

}  // namespace headsweep
