#include "io/printable.h"

#include <algorithm>

#include "io/utf8.h"

namespace headsweep {
namespace {

unsigned code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  unsigned code = byte(0) & (0x7Fu >> character.size());
  for (std::size_t i = 1; i < character.size(); ++i) code = code << 6 | (byte(i) & 0x3Fu);
  return code;
}

/// Does something to a terminal, or to how the characters around it are shown.
bool is_active(unsigned code) {
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool direction = code == 0x061C || code == 0x200E || code == 0x200F ||
                         (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  const bool line_end = code == 0x2028 || code == 0x2029;
  return control || direction || line_end;
}

bool is_plain(char c) { return c >= ' ' && c <= '~'; }

}  // namespace

std::string printable(std::string_view text, LineEnds line_ends) {
  if (std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string shown;
  while (!text.empty()) {
    const auto [bytes, valid] = first_utf8(text);
    const std::string_view character = text.substr(0, bytes);
    const bool is_layout = character == "\n" || character == "\t";
    if (!valid) {
      for (const char c : character)
        shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else if (const unsigned code = code_point(character);
               is_active(code) && !(is_layout && line_ends == LineEnds::kept)) {
      shown += code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
    } else {
      shown += character;
    }
    text.remove_prefix(bytes);
  }
  return shown;
}

std::string printable_json(std::string_view json) {
  if (std::ranges::all_of(json, is_plain)) return std::string(json);
  std::string shown;
  while (!json.empty()) {
    const std::string_view character = json.substr(0, first_utf8(json).bytes);
    // All of them are written with four digits; what is below U+007F, JSON has escaped itself.
    if (const unsigned code = code_point(character); code >= 0x7F && is_active(code))
      shown += fmt::format("\\u{:04x}", code);
    else
      shown += character;
    json.remove_prefix(character.size());
  }
  return shown;
}

}  // namespace headsweep
