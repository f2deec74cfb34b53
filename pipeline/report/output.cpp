#include "pipeline/report/output.h"

#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "io/atomic_file.h"
#include "io/errors.h"
#include "io/printable.h"

namespace headsweep {

void put_out(std::string_view text, const std::filesystem::path& output) {
  if (output.empty()) {
    // Into a file or another program it goes as it is.
    fmt::print("{}", ::isatty(STDOUT_FILENO) == 1 ? printable(text) : std::string(text));
    return;
  }
  if (output.extension() == ".h5")
    throw UserError(
        fmt::format("-o {}: .h5 is what run files are called: give another name", output.string()));
  std::error_code ignored;
  if (std::filesystem::is_directory(output, ignored))
    throw UserError(fmt::format("-o {}: is a folder; name a file", output.string()));
  if (output.has_parent_path() && !std::filesystem::is_directory(output.parent_path(), ignored))
    throw UserError(fmt::format("-o {}: there is no folder {}; make it first", output.string(),
                                output.parent_path().string()));
  write_whole(output, text);
}

}  // namespace headsweep
