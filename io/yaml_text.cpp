#include "io/yaml_text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/utf8.h"

namespace headsweep {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

/// The number in a `\uXXXX` that `rest` begins with.
std::optional<unsigned> unicode_escape(std::string_view rest) {
  if (rest.size() < 6 || !rest.starts_with("\\u")) return std::nullopt;
  unsigned value = 0;
  const char* end = rest.data() + 6;
  const auto [stop, error] = std::from_chars(rest.data() + 2, end, value, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<unsigned> surrogate_pair(std::string_view rest) {
  const auto high = unicode_escape(rest);
  if (!high || *high < 0xD800 || *high > 0xDBFF) return std::nullopt;
  const auto low = unicode_escape(rest.substr(6));
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
  return 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
}

/// Appends the escape sequence that `rest` begins with as YAML has it; returns how many bytes of
/// `rest` that took.
std::size_t append_escape(std::string_view rest, std::string& yaml) {
  if (const auto code = surrogate_pair(rest)) {
    yaml += static_cast<char>(0xF0 | (*code >> 18));
    yaml += static_cast<char>(0x80 | ((*code >> 12) & 0x3F));
    yaml += static_cast<char>(0x80 | ((*code >> 6) & 0x3F));
    yaml += static_cast<char>(0x80 | (*code & 0x3F));
    return 12;
  }
  if (rest.starts_with("\\/")) {
    yaml += '/';
    return 2;
  }
  const std::size_t length = std::min<std::size_t>(2, rest.size());
  yaml += rest.substr(0, length);
  return length;
}

}  // namespace

void check_encoding(std::string_view text, const std::string& name) {
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const auto [length, valid] = first_utf8(text.substr(at));
    if (!valid)
      throw UserError(fmt::format("{}:{}: is not UTF-8 text (byte {:#04x}) save it as UTF-8", name,
                                  line, static_cast<unsigned char>(text[at])));
    if (is_control(text[at]))
      throw UserError(
          fmt::format("{}:{}: holds the control character {:#04x} (is it a text file?) remove it",
                      name, line, static_cast<unsigned char>(text[at])));
    if (text[at] == '\n') ++line;
    at += length;
  }
}

std::string json_as_yaml(std::string_view json) {
  enum class Place { outside, in_string } place = Place::outside;
  std::string yaml;
  yaml.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (place == Place::in_string && c == '\\') {
      at += append_escape(json.substr(at), yaml);
      continue;
    }
    if (c == '"') place = place == Place::outside ? Place::in_string : Place::outside;
    yaml += place == Place::outside && c == '\t' ? ' ' : c;
    ++at;
  }
  return yaml;
}

}  // namespace headsweep
