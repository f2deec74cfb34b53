#include "pipeline/generators.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

namespace headsweep {
namespace {

/// Runs of words, from each start on: the items, the answer, and what would come next.
using Run = Words;

std::vector<Run> runs_of(const ArithmeticSpec& spec) {
  std::vector<Run> runs;
  for (int start = spec.first_start; start <= spec.last_start; ++start) {
    Run& run = runs.emplace_back();
    for (long long i = 0; i < spec.length + 2; ++i)
      run.push_back(std::to_string(start + i * spec.step));
  }
  return runs;
}

std::vector<Run> runs_of(const GeometricSpec& spec) {
  std::vector<Run> runs;
  for (int start = spec.first_start; start <= spec.last_start; ++start) {
    Run& run = runs.emplace_back();
    // Of the last number, which only distractor: next uses, the job's reader knows that it fits.
    std::uint64_t number = static_cast<std::uint64_t>(start);
    for (int i = 0; i < spec.length + 2; ++i, number *= static_cast<std::uint64_t>(spec.ratio))
      run.push_back(std::to_string(number));
  }
  return runs;
}

std::vector<Run> runs_of(const RecurrenceSpec& spec) {
  std::vector<Run> runs;
  for (const auto& start : spec.starts) {
    std::vector<long long> numbers(start.begin(), start.end());
    while (std::cmp_less(numbers.size(), spec.length + 2))
      numbers.push_back(std::inner_product(spec.weights.begin(), spec.weights.end(),
                                           numbers.end() - std::ssize(spec.weights), 0LL));
    Run& run = runs.emplace_back();
    for (const long long number : numbers) run.push_back(std::to_string(number));
  }
  return runs;
}

/// The word `steps` behind another; beyond the end of a list that does not wrap nobody asks for it.
const std::string& word_at(const ListSpec& spec, long long at) {
  const auto words = std::ssize(spec.list.words);
  return spec.list.words[static_cast<std::size_t>(((at % words) + words) % words)];
}

std::vector<Run> runs_of(const ListSpec& spec) {
  std::vector<Run> runs;
  for (int start = spec.list.first_start; start <= spec.list.last_start; ++start) {
    Run& run = runs.emplace_back();
    for (int i = 0; i < spec.length + 2; ++i) run.push_back(word_at(spec, start + i * spec.step));
  }
  return runs;
}

std::vector<Run> runs_of(const RepeatSpec& spec) {
  std::vector<Run> runs;
  for (int start = spec.list.first_start; start <= spec.list.last_start; ++start) {
    const auto at = static_cast<std::size_t>(start);
    Run& run = runs.emplace_back(static_cast<std::size_t>(spec.length) + 1, spec.list.words[at]);
    run.push_back(spec.list.words[at + 1]);
  }
  return runs;
}

/// Of a word that is a number such as prompts have: others follow nothing.
std::optional<long long> number_in(const std::string& word) {
  int number = 0;  // with which no product or sum below leaves a long long
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || stop != word.data() + word.size()) return std::nullopt;
  return number;
}

bool goes_on(const ArithmeticSpec& spec, const std::string& word, const std::string& next) {
  const auto number = number_in(word);
  return number && number_in(next) == *number + spec.step;
}

bool goes_on(const GeometricSpec& spec, const std::string& word, const std::string& next) {
  const auto number = number_in(word);
  return number && number_in(next) == *number * spec.ratio;
}

bool goes_on(const RecurrenceSpec& spec, const std::string& word, const std::string& next) {
  return std::ranges::any_of(runs_of(spec), [&](const Run& run) {
    const Words pair = {word, next};
    const auto end = run.end() - 1;  // what comes behind the answer is in no sequence
    return std::search(run.begin(), end, pair.begin(), pair.end()) != end;
  });
}

bool goes_on(const ListSpec& spec, const std::string& word, const std::string& next) {
  const auto found = std::ranges::find(spec.list.words, word);
  if (found == spec.list.words.end()) return false;
  const long long at = found - spec.list.words.begin() + spec.step;
  const bool is_in_list = at >= 0 && at < std::ssize(spec.list.words);
  return (spec.wrap || is_in_list) && word_at(spec, at) == next;
}

bool goes_on(const RepeatSpec&, const std::string& word, const std::string& next) {
  return word == next;
}

}  // namespace

std::vector<Sequence> make_sequences(const GenerateSpec& spec) {
  const auto length = static_cast<std::size_t>(length_of(spec.sequence));
  std::vector<Sequence> sequences;
  for (Run& run : std::visit([](const auto& each) { return runs_of(each); }, spec.sequence)) {
    const std::size_t distractor = spec.distractor == Distractor::last    ? length - 1
                                   : spec.distractor == Distractor::first ? 0
                                                                          : length + 1;
    Sequence sequence{{}, run[length], run[distractor]};
    run.resize(length);
    sequence.items = std::move(run);
    sequences.push_back(std::move(sequence));
  }
  return sequences;
}

bool follows(const SequenceSpec& spec, const std::string& word, const std::string& next) {
  return std::visit([&](const auto& each) { return goes_on(each, word, next); }, spec);
}

}  // namespace headsweep
