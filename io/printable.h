// What people read on a terminal. Texts of checkpoints, prompts, run files and file names may hold
// whatever their author liked: sequences that move the cursor, rename the window or answer for the
// user, and characters that make a line read backwards. They are shown escaped.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace headsweep {

/// Of `escaped`, the text is one line: tabs are escaped, too.
enum class LineEnds { kept, escaped };

/// Control characters, bytes that are not UTF-8 and marks of direction as `\x1b` or `\u202e`; all
/// else as it is.
std::string printable(std::string_view text, LineEnds line_ends = LineEnds::kept);

/// JSON that says the same, with them as `\u202e`; it must be UTF-8.
std::string printable_json(std::string_view json);

/// Prints for people. Files keep their bytes.
template <class... Values>
void print_text(std::FILE* file, fmt::format_string<Values...> format, Values&&... values) {
  fmt::print(file, "{}", printable(fmt::format(format, std::forward<Values>(values)...)));
}

}  // namespace headsweep
