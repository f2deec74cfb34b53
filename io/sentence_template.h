// Sentence templates: "{noun} done in {item}."
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace headsweep {

/// A text and the slot after it; the last piece of a template has no slot.
struct TemplatePiece {
  std::string text, slot;
};

/// The slot that items of the sequence take.
constexpr std::string_view item_slot = "item";

/// std::invalid_argument says what is wrong: braces that do not match, slots without a name, slots
/// that touch a word (their tokens would melt into one with it).
std::vector<TemplatePiece> parse_template(std::string_view text);

int count_slots(const std::vector<TemplatePiece>& pieces, std::string_view slot);

/// For a sequence of `length` items. A template with one {item} is said again for each item; the
/// last time it ends before the item, which is the answer's place. A template with `length` of them
/// is taken as it is. No other number is possible.
std::vector<TemplatePiece> spread_over(const std::vector<TemplatePiece>& pieces, int length);

/// How many different words of each filler a sentence for `length` items takes.
std::map<std::string, std::size_t> count_fillers(const std::vector<TemplatePiece>& pieces,
                                                 int length);

}  // namespace headsweep
