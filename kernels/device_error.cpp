#include "kernels/device_error.h"

#include <string_view>

#include <fmt/format.h>

namespace headsweep {
namespace {

/// The path from the repository's root: where the sources were at build time is nobody's business.
std::string_view short_name(std::string_view file) {
  const auto at = file.rfind("/kernels/");
  return at == std::string_view::npos ? file : file.substr(at + 1);
}

}  // namespace

DeviceError::DeviceError(const std::string& message, std::source_location where)
    : std::runtime_error(
          fmt::format("{} [{}:{}]", message, short_name(where.file_name()), where.line())) {}

}  // namespace headsweep
