#include "io/saved_link.h"

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {

void refuse_saved_link(const std::filesystem::path& path, std::string_view content) {
  while (!content.empty() && (content.back() == '\n' || content.back() == '\r'))
    content.remove_suffix(1);
  constexpr std::size_t longest_path = 4096;
  if (content.empty() || content.size() > longest_path) return;
  if (content.find('/') == content.npos || content.find_first_of("{\n\"") != content.npos) return;
  throw UserError(
      fmt::format("{}: holds only the path '{}': it looks like a symbolic link that was saved as "
                  "text; copy the file that it names to this place",
                  path.string(), content));
}

}  // namespace headsweep
