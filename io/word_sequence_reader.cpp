#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "io/job_keys.h"
#include "io/job_limits.h"
#include "io/sequence_reader.h"
#include "io/word_lists.h"
#include "io/wording.h"
#include "io/yaml_values.h"

namespace headsweep {
namespace {

int read_start_word(const YamlNode& node, const WordList& list) {
  const std::string word = node.text();
  const auto found = std::ranges::find(list.words, word);
  if (found != list.words.end()) return static_cast<int>(found - list.words.begin());
  const auto guess = nearest(word, list.words);
  node.fail(fmt::format("{} is no word of the list{}", in_quotes(word),
                        guess ? fmt::format(" (did you mean '{}'?)", *guess) : ""));
}

/// Those that `start` names; without it the list's words from `lowest` to `highest`.
void read_start_words(const YamlNode& generate, int lowest, int highest, WordList& list) {
  list.first_start = lowest;
  list.last_start = highest;
  const auto node = generate.find("start");
  const auto words = std::ssize(list.words);
  if (!node) {
    if (lowest > highest)
      to_blame(generate).fail(fmt::format(
          "the list has {} words, which is too few for a prompt and its answer; use a smaller "
          "length or step, or wrap: true",
          words));
    return;
  }
  if (node->is_list()) {
    const auto ends = node->items();
    if (ends.size() != 2)
      node->fail(
          fmt::format("must be [first, last] or one word, but is a list of {}", ends.size()));
    list.first_start = read_start_word(ends[0], list);
    list.last_start = read_start_word(ends[1], list);
  } else {
    list.first_start = list.last_start = read_start_word(*node, list);
  }
  const auto word = [&](int at) { return list.words[static_cast<std::size_t>(at)]; };
  if (list.first_start > list.last_start)
    node->fail(fmt::format("'{}' comes after '{}' in the list; swap them", word(list.first_start),
                           word(list.last_start)));
  for (const int start : {list.first_start, list.last_start})
    if (start < lowest || start > highest)
      node->fail(fmt::format(
          "the prompt that starts at '{}' and its answer go beyond the list's {} words; narrow "
          "'start', or set wrap: true",
          word(start), words));
}

/// `node` holds the list's name, or its words.
WordList read_list(const YamlNode& generate, const YamlNode& node) {
  WordList list;
  if (node.is_list()) {
    list.name = "words";
    list.words = read_words(node, 2);
  } else {
    const std::vector<std::string> names = word_list_names();
    list.name = names[node.choice(names)];
    list.words = words_of_list(list.name);
  }
  read_choice(generate, "case", list.letter_case);
  for (std::string& word : list.words) word = in_case(word, list.letter_case);
  std::unordered_set<std::string> different(list.words.begin(), list.words.end());
  if (different.size() != list.words.size())
    generate.at("case").fail("makes two words of the list the same; use as_written");
  return list;
}

}  // namespace

ListSpec read_word_sequence(const YamlNode& generate, Distractor distractor) {
  const YamlNode sequence = generate.at("sequence");
  generate.allow_keys(keys_of("families[].generate", sequence.text()));
  ListSpec spec;
  spec.list = read_list(generate, sequence.text() == "words" ? generate.at("words") : sequence);
  if (const auto step = generate.find("step"))
    spec.step = step->integer(-largest_list_step, largest_list_step);
  if (const auto wrap = generate.find("wrap")) spec.wrap = wrap->flag();
  read_length(generate, spec.length);
  const int words = static_cast<int>(spec.list.words.size());
  if (spec.step == 0)
    generate.at("step").fail(
        "must not be 0 (all words of a prompt would be the same) use sequence: repeat for that");
  if (spec.wrap && spec.step % words == 0)
    generate.at("step").fail(
        fmt::format("leads around the list of {} words to the same word again", words));
  const int reach = spec.step * (spec.length + words_behind(distractor) - 1);
  const int lowest = spec.wrap ? 0 : std::max(0, -reach),
            highest = words - 1 - (spec.wrap ? 0 : std::max(0, reach));
  read_start_words(generate, lowest, highest, spec.list);
  return spec;
}

RepeatSpec read_repeat(const YamlNode& generate) {
  generate.allow_keys(keys_of("families[].generate", "repeat"));
  RepeatSpec spec;
  read_length(generate, spec.length);
  const auto of = generate.find("of");
  if (!of || (!of->is_list() && of->text() == "numbers")) {
    if (const auto letter_case = generate.find("case"))
      letter_case->fail("stands beside numbers, which have none; remove it");
    const auto start = generate.find("start");
    const Range range = start ? read_range(*start, 0) : Range{1, 10};
    spec.list.name = "numbers";
    for (int i = range.first; i <= range.last + 1; ++i)
      spec.list.words.push_back(std::to_string(i));
    spec.list.last_start = range.last - range.first;
    return spec;
  }
  const bool is_list = of->is_list();
  if (!is_list) {
    std::vector<std::string> names = word_list_names();
    names.insert(names.begin(), "numbers");
    of->choice(names);
  }
  spec.list = read_list(generate, *of);
  // The word after the repeated one is the distractor.
  read_start_words(generate, 0, static_cast<int>(spec.list.words.size()) - 2, spec.list);
  return spec;
}

std::vector<std::string> read_words(const YamlNode& list, std::size_t fewest) {
  std::vector<std::string> words;
  std::unordered_set<std::string> known;
  for (const YamlNode& item : list.items()) {
    words.push_back(item.text());
    const std::string& word = words.back();
    if (word.front() == ' ' || word.back() == ' ')
      item.fail(in_quotes(word) + " has a space at its end (words are written without) remove it");
    if (!known.insert(word).second)
      item.fail(in_quotes(word) + " stands in the list already; remove it");
  }
  if (words.size() < fewest)
    list.fail(
        fmt::format("has {} words, but at least {} are needed; add some", words.size(), fewest));
  return words;
}

}  // namespace headsweep
