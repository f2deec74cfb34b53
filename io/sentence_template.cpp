#include "io/sentence_template.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>

#include <fmt/format.h>

#include "io/wording.h"

namespace headsweep {
namespace {

bool is_word_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_slot_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  });
}

/// Words have a space before them, or begin the text: so they are one token wherever they stand.
void check_surroundings(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && text[begin - 1] != ' ')
    throw std::invalid_argument(
        fmt::format("needs a space before the slot {}", text.substr(begin, end - begin)));
  if (end < text.size() && (is_word_character(text[end]) || text[end] == '{'))
    throw std::invalid_argument(fmt::format("needs a space or a punctuation mark after the slot {}",
                                            text.substr(begin, end - begin)));
}

std::string without_spaces_at_the_end(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

std::vector<TemplatePiece> parse_template(std::string_view text) {
  std::vector<TemplatePiece> pieces;
  std::size_t from = 0;
  for (std::size_t at = text.find_first_of("{}"); at != std::string_view::npos;
       at = text.find_first_of("{}", from)) {
    const std::size_t end = text.find_first_of("{}", at + 1);
    if (text[at] == '}' || end == std::string_view::npos || text[end] == '{')
      throw std::invalid_argument("has a brace without its partner; write slots as {item}");
    const std::string slot(text.substr(at + 1, end - at - 1));
    if (!is_slot_name(slot))
      throw std::invalid_argument(fmt::format(
          "{} cannot name a slot; use lower-case letters, digits and '_'", in_quotes(slot)));
    check_surroundings(text, at, end + 1);
    pieces.push_back({std::string(text.substr(from, at - from)), slot});
    from = end + 1;
  }
  pieces.push_back({std::string(text.substr(from)), ""});
  return pieces;
}

int count_slots(const std::vector<TemplatePiece>& pieces, std::string_view slot) {
  return static_cast<int>(std::ranges::count(pieces, slot, &TemplatePiece::slot));
}

std::vector<TemplatePiece> spread_over(const std::vector<TemplatePiece>& pieces, int length) {
  const int items = count_slots(pieces, item_slot);
  assert(items == 1 || items == length);
  if (items != 1) return pieces;
  std::vector<TemplatePiece> all;
  std::string before;  // what stands between one saying and the next
  for (int i = 0; i <= length; ++i) {
    for (const TemplatePiece& piece : pieces) {
      TemplatePiece next{before + piece.text, piece.slot};
      before.clear();
      if (i == length && piece.slot == item_slot) {
        all.push_back({without_spaces_at_the_end(next.text), ""});
        return all;
      }
      if (piece.slot.empty()) {
        before = next.text + " ";
      } else {
        all.push_back(std::move(next));
      }
    }
  }
  return all;
}

std::map<std::string, std::size_t> count_fillers(const std::vector<TemplatePiece>& pieces,
                                                 int length) {
  std::map<std::string, std::size_t> taken;
  for (const TemplatePiece& piece : spread_over(pieces, length))
    if (!piece.slot.empty() && piece.slot != item_slot) ++taken[piece.slot];
  return taken;
}

}  // namespace headsweep
