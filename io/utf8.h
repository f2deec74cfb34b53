// Which bytes are UTF-8, and what stands in for those that are not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace headsweep {

/// What a text begins with: one character's bytes, or the longest start of one that is then broken
/// off ("maximal subpart", Unicode 15, section 3.9, table 3-7).
struct Utf8Step {
  std::size_t bytes = 0;
  bool valid = false;
};

/// `text` must not be empty.
Utf8Step first_utf8(std::string_view text);

/// The offset of the first byte that is not UTF-8; text.size() if all are.
std::size_t utf8_until(std::string_view text);

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD

/// Each broken-off start becomes one U+FFFD, as in Python's bytes.decode("utf-8",
/// errors="replace").
std::string with_replacements(std::string_view bytes);

}  // namespace headsweep
