// What the readers of a family's sequences have in common: those of numbers, and those of words.
#pragma once

#include "io/family_reader.h"

namespace headsweep {

struct Range {
  int first, last;
};

/// "[first, last]" or one number.
Range read_range(const YamlNode& node, int lowest);

void read_length(const YamlNode& generate, int& length);

/// The words that come after the prompt's own: the answer, and for `next` the one behind it.
inline int words_behind(Distractor distractor) { return distractor == Distractor::next ? 2 : 1; }

ListSpec read_word_sequence(const YamlNode& generate, Distractor distractor);
RepeatSpec read_repeat(const YamlNode& generate);

}  // namespace headsweep
