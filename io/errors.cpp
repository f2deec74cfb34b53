#include "io/errors.h"

#include <fmt/format.h>

#include "io/wording.h"

namespace headsweep {
namespace {

/// The path from the repository's root: where the sources were at build time is nobody's business.
std::string_view short_name(std::string_view file) {
  for (std::string_view folder : {"/io/", "/kernels/", "/model/", "/pipeline/"})
    if (auto at = file.rfind(folder); at != std::string_view::npos) return file.substr(at + 1);
  return file;
}

}  // namespace

UserError::UserError(const std::string& message) : std::runtime_error(presentable(message)) {}

MachineError::MachineError(const std::string& message, std::source_location where)
    : std::runtime_error(fmt::format("{} [{}:{}]", presentable(message),
                                     short_name(where.file_name()), where.line())) {}

}  // namespace headsweep
