#include "io/sequence_reader.h"

#include <numeric>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "io/job_keys.h"
#include "io/job_limits.h"
#include "io/yaml_values.h"

namespace headsweep {
namespace {

constexpr std::string_view section = "families[].generate";

/// `number` is what a sequence from `start` comes to at its answer, or behind it.
void check_number(const YamlNode& generate, int start, long long number) {
  if (number < 0)
    to_blame(generate).fail(fmt::format(
        "the answer after the prompt that starts at {} is {}, but no number may be negative; use a "
        "larger start or a smaller length",
        start, number));
  if (number > largest_number)
    to_blame(generate).fail(
        fmt::format("the prompt that starts at {} comes to {}, above {}; use a smaller start, step "
                    "or length",
                    start, number, largest_number));
}

/// Of a sequence of numbers, none below `lowest`.
template <class Spec>
void read_starts(const YamlNode& generate, int lowest, Spec& spec) {
  const auto start = generate.find("start");
  if (!start) return;
  const Range range = read_range(*start, lowest);
  spec.first_start = range.first;
  spec.last_start = range.last;
}

ArithmeticSpec read_arithmetic(const YamlNode& generate, Distractor distractor) {
  generate.allow_keys(keys_of(section, "arithmetic"));
  ArithmeticSpec spec;
  read_starts(generate, 0, spec);
  if (const auto step = generate.find("step")) {
    spec.step = step->integer(-largest_number, largest_number);
    if (spec.step == 0)
      step->fail(
          "must not be 0 (all numbers of a prompt would be the same) use sequence: repeat for "
          "that");
  }
  read_length(generate, spec.length);
  const long long behind = spec.length + words_behind(distractor) - 1;
  check_number(generate, spec.first_start, spec.first_start + spec.step * behind);
  check_number(generate, spec.last_start, spec.last_start + spec.step * behind);
  return spec;
}

GeometricSpec read_geometric(const YamlNode& generate, Distractor distractor) {
  generate.allow_keys(keys_of(section, "geometric"));
  GeometricSpec spec;
  read_starts(generate, 1, spec);
  if (const auto ratio = generate.find("ratio")) spec.ratio = ratio->integer(2, largest_number);
  read_length(generate, spec.length);
  long long number = spec.last_start;
  for (int i = 1; i < spec.length + words_behind(distractor); ++i) {
    number *= spec.ratio;
    check_number(generate, spec.last_start, number);
  }
  return spec;
}

std::vector<int> read_weights(const YamlNode& node) {
  std::vector<int> weights;
  for (const YamlNode& item : node.items())
    weights.push_back(item.integer(-largest_weight, largest_weight));
  if (weights.empty() || weights.size() > most_weights)
    node.fail(fmt::format("must be a list of 1 to {} numbers, but is one of {}", most_weights,
                          weights.size()));
  return weights;
}

std::vector<int> read_first_numbers(const YamlNode& node, std::size_t weights) {
  std::vector<int> numbers;
  for (const YamlNode& item : node.items()) numbers.push_back(item.integer(0, largest_number));
  if (numbers.size() != weights)
    node.fail(
        fmt::format("must be the sequence's first {} numbers (as many as there are weights), "
                    "but is a list of {}",
                    weights, numbers.size()));
  return numbers;
}

void check_recurrence(const YamlNode& generate, const RecurrenceSpec& spec, Distractor distractor) {
  for (const auto& start : spec.starts) {
    std::vector<long long> numbers(start.begin(), start.end());
    const auto all = static_cast<std::size_t>(spec.length + words_behind(distractor));
    while (numbers.size() < all) {
      numbers.push_back(std::inner_product(spec.weights.begin(), spec.weights.end(),
                                           numbers.end() - std::ssize(spec.weights), 0LL));
      check_number(generate, start.front(), numbers.back());
    }
  }
}

RecurrenceSpec read_recurrence(const YamlNode& generate, Distractor distractor) {
  generate.allow_keys(keys_of(section, "recurrence"));
  RecurrenceSpec spec;
  if (const auto node = generate.find("weights")) spec.weights = read_weights(*node);
  const auto start = generate.at("start");
  spec.starts.clear();
  const auto items = start.items();
  if (items.empty()) start.fail("is an empty list; give the first numbers, as in [[1, 1], [1, 2]]");
  if (items.size() > most_generated_prompts)
    start.fail(fmt::format("makes {} prompts, but at most {} are possible", items.size(),
                           most_generated_prompts));
  for (const YamlNode& item : items)
    spec.starts.push_back(read_first_numbers(item, spec.weights.size()));
  read_length(generate, spec.length);
  if (std::cmp_less(spec.length, spec.weights.size()))
    to_blame(generate).fail(
        fmt::format("the prompt has {} numbers, but its first {} are given; use a larger length",
                    spec.length, spec.weights.size()));
  check_recurrence(generate, spec, distractor);
  return spec;
}

int starts_of(const WordList& list) { return list.last_start - list.first_start + 1; }

}  // namespace

Range read_range(const YamlNode& node, int lowest) {
  if (!node.is_list()) {
    const int only = node.integer(lowest, largest_number);
    return {only, only};
  }
  const auto ends = node.items();
  if (ends.size() != 2)
    node.fail(fmt::format("must be [first, last] or one number, but is a list of {}", ends.size()));
  const Range range{ends[0].integer(lowest, largest_number),
                    ends[1].integer(lowest, largest_number)};
  if (range.first > range.last)
    node.fail(fmt::format("the first start, {}, is above the last, {}; swap them", range.first,
                          range.last));
  if (range.last - range.first >= most_generated_prompts)
    node.fail(fmt::format("makes {} prompts, but at most {} are possible; narrow the range",
                          range.last - range.first + 1, most_generated_prompts));
  return range;
}

void read_length(const YamlNode& generate, int& length) {
  if (const auto node = generate.find("length")) length = node->integer(2, longest_sequence);
}

GenerateSpec read_generate(const YamlNode& generate) {
  const std::vector<std::string> sequences = sequence_names();
  if (!generate.find("sequence"))  // perhaps it is misspelt
    generate.allow_keys(keys_of(section));
  const std::string sequence = sequences[generate.at("sequence").choice(sequences)];
  GenerateSpec spec{ArithmeticSpec{}, Distractor::last};
  if (sequence == "repeat") {
    spec.sequence = read_repeat(generate);
    spec.distractor = Distractor::next;
    return spec;
  }
  read_choice(generate, "distractor", spec.distractor);
  if (sequence == "arithmetic") {
    spec.sequence = read_arithmetic(generate, spec.distractor);
  } else if (sequence == "geometric") {
    spec.sequence = read_geometric(generate, spec.distractor);
  } else if (sequence == "recurrence") {
    spec.sequence = read_recurrence(generate, spec.distractor);
  } else {
    spec.sequence = read_word_sequence(generate, spec.distractor);
  }
  return spec;
}

int count_sequences(const SequenceSpec& spec) {
  return std::visit(
      [](const auto& each) -> int {
        using Spec = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<Spec, RecurrenceSpec>) {
          return static_cast<int>(each.starts.size());
        } else if constexpr (std::is_same_v<Spec, ListSpec> || std::is_same_v<Spec, RepeatSpec>) {
          return starts_of(each.list);
        } else {
          return each.last_start - each.first_start + 1;
        }
      },
      spec);
}

}  // namespace headsweep
