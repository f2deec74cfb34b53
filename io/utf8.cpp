#include "io/utf8.h"

namespace headsweep {
namespace {

/// What may follow a first byte: how many bytes, and the range of the first of them; 0x80 to 0xBF
/// for the others.
struct Following {
  std::size_t bytes;
  unsigned char low = 0x80, high = 0xBF;
};

Following following(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) return {1};
  if (first == 0xE0) return {2, 0xA0, 0xBF};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {2};
  if (first == 0xF0) return {3, 0x90, 0xBF};
  if (first >= 0xF1 && first <= 0xF3) return {3};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return {0};
}

}  // namespace

Utf8Step first_utf8(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {1, true};
  auto [count, low, high] = following(first);
  for (std::size_t i = 1; i <= count; ++i) {
    if (i == text.size()) return {i, false};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < low || byte > high) return {i, false};
    low = 0x80, high = 0xBF;
  }
  return {count + 1, count > 0};
}

std::size_t utf8_until(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = first_utf8(text.substr(at));
    if (!step.valid) break;
    at += step.bytes;
  }
  return at;
}

std::string with_replacements(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Step step = first_utf8(bytes);
    text += step.valid ? bytes.substr(0, step.bytes) : replacement_character;
    bytes.remove_prefix(step.bytes);
  }
  return text;
}

}  // namespace headsweep
