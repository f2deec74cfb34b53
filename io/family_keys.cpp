#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/job_key_texts.h"
#include "io/job_keys.h"
#include "io/job_limits.h"
#include "io/word_lists.h"

namespace headsweep {
namespace {

using Names = std::vector<std::string>;

const std::string seeds = whole_number(0, std::numeric_limits<int>::max()) + "; or a list";

Names list_sequences() {
  Names names = {"words"};
  for (std::string& name : word_list_names()) names.push_back(std::move(name));
  return names;
}

/// The names and others behind them.
Names with_lists(Names names) {
  for (std::string& name : list_sequences()) names.push_back(std::move(name));
  return names;
}

JobSection family() {
  return {
      "families[]",
      {{"name", fmt::format("letters, digits, `.`, `_`, `-`; at most {}", longest_family_name),
        required, "part of the run file's name", "sweeps.md#names"},
       {"file", "file", "this or `generate`", "explicit prompts, corrupted ones too; JSON or YAML",
        "../README.md#prompts-of-your-own"},
       {"generate", "mapping", "this or `file`", "the sequence that clean prompts are made of",
        "families.md#sequences"},
       {"sentences", "mapping", "none", "text around the sequence's items; with `generate`",
        "families.md#sentences"},
       {"keep", "mapping", "all prompts",
        "only prompts that the full model answers; with `generate`",
        "families.md#only-what-the-model-answers"},
       {"corrupt", "a rule's name, or a mapping; or a list", "required with `generate`",
        "how the corrupted prompts are made; a list makes a run of each",
        "families.md#corruptions"}}};
}

/// What items a sequence has.
std::vector<JobKey> keys_of_items() {
  const char* page = "families.md#sequences";
  const ArithmeticSpec arithmetic;
  return {
      {"sequence", as_codes(sequence_names()), required, "what items follow each other", page},
      {"words", "list of texts", required, "the list, in its order", page, {"words"}},
      {"of",
       "`numbers`, a list's name, or a list of texts",
       "`numbers`",
       "what is repeated",
       page,
       {"repeat"}},
      {"start", "one, or [first, last]; `recurrence`: lists of first numbers",
       fmt::format("`[{}, {}]`; words: all that fit; `recurrence`: required",
                   arithmetic.first_start, arithmetic.last_start),
       "the first item of each prompt", page},
      {"step",
       fmt::format("whole number but 0; numbers: to {} either way, words: {}", largest_number,
                   largest_list_step),
       as_number(arithmetic.step), "from one item to the next", page, with_lists({"arithmetic"})},
      {"ratio",
       whole_number(2, largest_number),
       as_number(GeometricSpec().ratio),
       "each item is so many times the one before",
       page,
       {"geometric"}},
      {"weights",
       fmt::format("list of 1 to {} whole numbers, each to {} either way", most_weights,
                   largest_weight),
       as_code(fmt::format("{}", RecurrenceSpec().weights)),
       "of the numbers before it, the one furthest back first",
       page,
       {"recurrence"}}};
}

JobSection generate() {
  const char* page = "families.md#sequences";
  std::vector<JobKey> keys = keys_of_items();
  const std::vector<JobKey> more = {
      {"length", whole_number(2, longest_sequence),
       fmt::format("`{}`; lists of words: `{}`", ArithmeticSpec().length, ListSpec().length),
       "items of a prompt, without the answer", page},
      {"wrap", "`true`, `false`", as_flag(ListSpec().wrap), "the first word follows the last", page,
       list_sequences()},
      {"case", names_of_all<LetterCase>(), as_code(name_of(WordList().letter_case)),
       "how words are written", page, with_lists({"repeat"})},
      {"distractor", names_of_all<Distractor>(), as_code(name_of(GenerateSpec().distractor)),
       "the wrong answer: the prompt's last or first item, or what follows the answer", page,
       with_lists({"arithmetic", "geometric", "recurrence"})}};
  keys.insert(keys.end(), more.begin(), more.end());
  return {"families[].generate", keys};
}

JobSection sentences() {
  const SentenceSpec spec;
  const char* page = "families.md#sentences";
  return {
      "families[].sentences",
      {{"templates", "list of texts", required,
        "with `{item}` once, or as often as the sequence is long", page},
       {"fillers", "mapping of slots to lists of texts", "none", "words for the other slots", page},
       {"per_template", whole_number(1, most_generated_prompts), as_number(spec.per_template),
        "sentences of each template", page},
       {"seed", seeds, as_number(spec.seed),
        "of the choice of fillers; a list makes a family of each", page}}};
}

JobSection keep() {
  const char* page = "families.md#only-what-the-model-answers";
  return {
      "families[].keep",
      {{"top", "`1`", "not asked", "the answer is the full model's likeliest token", page},
       {"times_distractor", fmt::format("number, above 0, at most {:.0f}", most_times_distractor),
        "not asked", "the answer is more than so many times as likely as the distractor", page},
       {"per_template", whole_number(1, most_generated_prompts), "all",
        "so many sentences of each template are enough", page}}};
}

JobSection corrupt() {
  const CorruptionSpec spec;
  const char* page = "families.md#corruptions";
  Names rules;
  for (const Corruption each : Choices<Corruption>::all) rules.emplace_back(name_of(each));
  const Names of_words = {name_of(Corruption::repeat_random_element),
                          name_of(Corruption::random_items)};
  Names drawn = of_words;
  drawn.emplace_back(name_of(Corruption::shuffle));
  return {
      "families[].corrupt",
      {{"rule", as_codes(rules), "one of `rule`, `family`, `file`", "what becomes of the items",
        page, rules},
       {"numbers", "[first, last]", "the family's items and answers", "numbers to draw from", page,
        of_words},
       {"words", "list of texts", "the family's items and answers", "words to draw from", page,
        of_words},
       {"seed", seeds, as_number(spec.seed), "of the drawing; a list makes a run of each", page,
        drawn},
       {"family", "another family of the job", "", "its clean prompts stand in", page, {"family"}},
       {"file", "file", "", "explicit corrupted prompts", page, {"file"}}}};
}

}  // namespace

std::vector<std::string> sequence_names() {
  return with_lists({"arithmetic", "geometric", "recurrence", "repeat"});
}

std::vector<JobSection> family_sections() {
  return {family(), generate(), sentences(), keep(), corrupt()};
}

}  // namespace headsweep
