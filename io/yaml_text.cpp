#include "io/yaml_text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

/// Bytes of the UTF-8 character that `rest` begins with; 0 if it is none.
std::size_t utf8_length(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const unsigned lead = byte(0);
  std::size_t length = 0;
  if (lead < 0x80) length = 1;
  if (lead >= 0xC2 && lead < 0xE0) length = 2;
  if (lead >= 0xE0 && lead < 0xF0) length = 3;
  if (lead >= 0xF0 && lead < 0xF5) length = 4;
  if (length <= 1) return length;
  if (rest.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const unsigned second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool beyond_unicode = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond_unicode ? 0 : length;
}

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
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0)
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
