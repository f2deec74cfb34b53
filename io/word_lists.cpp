#include "io/word_lists.h"

#include <cassert>
#include <sstream>

namespace headsweep {
namespace {

struct NamedWords {
  std::string_view name, words;
};

constexpr NamedWords lists[] = {
    {"number_words",
     "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
     "sixteen seventeen eighteen nineteen twenty"},
    {"months",
     "January February March April May June July August September October November December"},
    {"weekdays", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"},
    {"letters", "a b c d e f g h i j k l m n o p q r s t u v w x y z"}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::vector<std::string> word_list_names() {
  std::vector<std::string> names;
  for (const NamedWords& list : lists) names.emplace_back(list.name);
  return names;
}

std::vector<std::string> words_of_list(std::string_view name) {
  std::vector<std::string> words;
  for (const NamedWords& list : lists) {
    if (list.name != name) continue;
    std::istringstream text{std::string(list.words)};
    for (std::string word; text >> word;) words.push_back(word);
  }
  assert(!words.empty());
  return words;
}

std::string in_case(std::string word, LetterCase letter_case) {
  if (letter_case == LetterCase::as_written) return word;
  for (char& c : word) c = letter_case == LetterCase::upper ? upper(c) : lower(c);
  if (letter_case == LetterCase::title && !word.empty()) word.front() = upper(word.front());
  return word;
}

}  // namespace headsweep
