// Words that have an order: months, weekdays, number words, letters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/family_spec.h"

namespace headsweep {

/// "number_words", "months", "weekdays", "letters".
std::vector<std::string> word_list_names();

/// As they are usually written. The name must be one of word_list_names().
std::vector<std::string> words_of_list(std::string_view name);

/// Only the letters A to Z change.
std::string in_case(std::string word, LetterCase letter_case);

}  // namespace headsweep
