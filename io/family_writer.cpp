#include "io/family_writer.h"

#include <iterator>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/yaml_writer.h"

namespace headsweep {
namespace {

std::string start_words(const WordList& list) {
  return yaml_list({list.words[static_cast<std::size_t>(list.first_start)],
                    list.words[static_cast<std::size_t>(list.last_start)]});
}

/// The keys of a sequence, one overload for each kind.

std::string keys_of(const ArithmeticSpec& spec) {
  return fmt::format("sequence: arithmetic, start: [{}, {}], step: {}, length: {}",
                     spec.first_start, spec.last_start, spec.step, spec.length);
}

std::string keys_of(const GeometricSpec& spec) {
  return fmt::format("sequence: geometric, start: [{}, {}], ratio: {}, length: {}",
                     spec.first_start, spec.last_start, spec.ratio, spec.length);
}

std::string keys_of(const RecurrenceSpec& spec) {
  return fmt::format("sequence: recurrence, start: {}, weights: {}, length: {}", spec.starts,
                     spec.weights, spec.length);
}

/// A list of the program is told by its name: its words are in the program.
std::string keys_of(const ListSpec& spec) {
  const std::string words =
      spec.list.name == "words" ? ", words: " + yaml_list(spec.list.words) : "";
  return fmt::format("sequence: {}{}, case: {}, start: {}, step: {}, wrap: {}, length: {}",
                     spec.list.name, words, name_of(spec.list.letter_case), start_words(spec.list),
                     spec.step, spec.wrap, spec.length);
}

std::string keys_of(const RepeatSpec& spec) {
  if (spec.list.name == "numbers")
    return fmt::format("sequence: repeat, of: numbers, start: [{}, {}], length: {}",
                       spec.list.words.front(), spec.list.words[spec.list.words.size() - 2],
                       spec.length);
  return fmt::format("sequence: repeat, of: {}, case: {}, start: {}, length: {}",
                     spec.list.name == "words" ? yaml_list(spec.list.words) : spec.list.name,
                     name_of(spec.list.letter_case), start_words(spec.list), spec.length);
}

void append_generate(const GenerateSpec& generate, std::string& yaml) {
  const std::string keys =
      std::visit([](const auto& spec) { return keys_of(spec); }, generate.sequence);
  // Repeats have but one distractor.
  const bool is_repeat = std::holds_alternative<RepeatSpec>(generate.sequence);
  const std::string distractor =
      is_repeat ? "" : fmt::format(", distractor: {}", name_of(generate.distractor));
  fmt::format_to(std::back_inserter(yaml), "    generate: {{{}{}}}\n", keys, distractor);
}

void append_sentences(const SentenceSpec& sentences, std::string& yaml) {
  const auto out = std::back_inserter(yaml);
  fmt::format_to(out, "    sentences:\n      templates: {}\n", yaml_list(sentences.templates));
  if (!sentences.fillers.empty()) yaml += "      fillers:\n";
  for (const auto& [slot, words] : sentences.fillers)
    fmt::format_to(out, "        {}: {}\n", yaml_text(slot), yaml_list(words));
  fmt::format_to(out, "      per_template: {}\n      seed: {}\n", sentences.per_template,
                 sentences.seed);
}

void append_keep(const KeepSpec& keep, std::string& yaml) {
  std::string keys;
  if (keep.top) keys += "top: 1, ";
  if (keep.times_distractor > 0)
    keys += fmt::format("times_distractor: {}, ", keep.times_distractor);
  if (keep.per_template > 0) keys += fmt::format("per_template: {}, ", keep.per_template);
  keys.resize(keys.size() - 2);
  fmt::format_to(std::back_inserter(yaml), "    keep: {{{}}}\n", keys);
}

std::string written(const CorruptionSpec& corruption) {
  if (corruption.kind == Corruption::of_family)
    return fmt::format("{{family: {}}}", yaml_text(corruption.family));
  if (corruption.kind == Corruption::of_file)
    return fmt::format("{{file: {}}}", yaml_path(corruption.file));
  std::string keys = fmt::format("rule: {}", name_of(corruption.kind));
  if (const auto& numbers = corruption.numbers)
    keys += fmt::format(", numbers: [{}, {}]", numbers->first, numbers->second);
  if (!corruption.words.empty()) keys += ", words: " + yaml_list(corruption.words);
  // In a list of one, the seed is still named.
  const bool named = corruption.seed_naming == SeedNaming::named;
  if (is_drawn(corruption.kind))
    keys += fmt::format(", seed: {}{}{}", named ? "[" : "", corruption.seed, named ? "]" : "");
  return "{" + keys + "}";
}

}  // namespace

void append_families(const std::vector<FamilySpec>& families, std::string& yaml) {
  const auto out = std::back_inserter(yaml);
  yaml += "families:\n";
  for (std::size_t i = 0; i < families.size(); ++i) {
    const FamilySpec& family = families[i];
    if (i == 0 || families[i - 1].name != family.name) {
      fmt::format_to(out, "  - name: {}\n", yaml_text(family.name));
      if (family.file) fmt::format_to(out, "    file: {}\n", yaml_path(*family.file));
      if (!family.generate) continue;
      append_generate(*family.generate, yaml);
      if (family.sentences) append_sentences(*family.sentences, yaml);
      if (family.keep) append_keep(*family.keep, yaml);
      yaml += "    corrupt:\n";
    }
    fmt::format_to(out, "      - {}\n", written(family.corruption));
  }
}

}  // namespace headsweep
