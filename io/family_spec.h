// The prompts that a job asks for: values only. What they mean is in docs/families.md; the pipeline
// makes them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace headsweep {

/// `i  i+step  i+2*step ...`, one sequence for each start.
struct ArithmeticSpec {
  int first_start = 1, last_start = 10, step = 1, length = 6;
};

/// `i  i*ratio  i*ratio^2 ...`, one sequence for each start.
struct GeometricSpec {
  int first_start = 1, last_start = 10, ratio = 2, length = 6;
};

/// Each number is a weighted sum of as many before it as there are weights; the first weight is
/// that of the number furthest back. One sequence for each of `starts`, which are its first
/// numbers.
struct RecurrenceSpec {
  std::vector<std::vector<int>> starts = {{1, 1}};
  std::vector<int> weights = {1, 1};
  int length = 6;
};

enum class LetterCase { as_written, lower, upper, title };

/// Words in an order of their own, and those of them that sequences start at.
struct WordList {
  std::string name;                     // "months"; "numbers"; "words": the job gives them
  std::vector<std::string> words;       // all of them, in `letter_case` already
  int first_start = 0, last_start = 0;  // indices
  LetterCase letter_case = LetterCase::as_written;
};

/// Every step-th word of a list from a start on, one sequence for each start.
struct ListSpec {
  WordList list;
  int step = 1;
  bool wrap = false;  // the first word follows the last
  int length = 4;
};

/// One word again and again, one sequence for each start.
struct RepeatSpec {
  WordList list;
  int length = 6;
};

using SequenceSpec =
    std::variant<ArithmeticSpec, GeometricSpec, RecurrenceSpec, ListSpec, RepeatSpec>;

/// Which word stands for the wrong answer.
enum class Distractor {
  last,   // the last item of the prompt
  first,  // the first item of the prompt
  next    // what follows the answer
};

/// Sentences around the items of a sequence; without them an item follows the other.
struct SentenceSpec {
  std::vector<std::string> templates;  // "{noun} done in {item}."
  std::vector<std::pair<std::string, std::vector<std::string>>> fillers;  // by slot, "noun"
  int per_template = 1;  // sentences, each of which is used with every sequence
  int seed = 0;          // of the choice of filler words
};

/// A seed that the job gives in a list is part of the name of what it makes: "names-s2".
enum class SeedNaming { unnamed, named };

/// Leaves out what the full model gets wrong.
struct KeepSpec {
  bool top = false;             // the answer must be the likeliest token
  double times_distractor = 0;  // the answer must be more than so many times as likely as it
  int per_template = 0;         // so many sentences are enough; 0: all
};

enum class Corruption {
  repeat_last,            // the last item becomes the one before it
  repeat_all,             // all become the first
  repeat_random_element,  // all become one that is drawn
  random_items,           // each becomes one that is drawn
  switch_last_two,
  shuffle,
  of_family,  // the clean prompts of another family
  of_file     // explicit prompts
};

struct CorruptionSpec {
  Corruption kind = Corruption::repeat_last;
  int seed = 0;
  SeedNaming seed_naming = SeedNaming::unnamed;
  // What is drawn from: numbers from .. to, or words; neither: the family's items and answers.
  std::optional<std::pair<int, int>> numbers;
  std::vector<std::string> words;
  std::string family;          // of_family
  std::filesystem::path file;  // of_file, resolved against the job file's folder
};

/// How the clean prompts of a family are made.
struct GenerateSpec {
  SequenceSpec sequence;
  Distractor distractor = Distractor::last;
};

/// A family with one corruption: either read from `file` or generated.
struct FamilySpec {
  std::string name;
  std::string written_name;                   // in the job: without the seed
  std::string where;                          // "jobs/demo.yaml:5", for messages
  std::optional<std::filesystem::path> file;  // resolved against the job file's folder
  std::optional<GenerateSpec> generate;
  std::optional<SentenceSpec> sentences;  // of generated prompts
  std::optional<KeepSpec> keep;           // likewise
  CorruptionSpec corruption;              // of_file for a family with a file
};

int length_of(const SequenceSpec& spec);

/// By random numbers, which its seed begins.
bool is_drawn(Corruption value);

/// "names" to "names-s2".
std::string with_seed(const std::string& name, int seed);

/// As it stands in run files and their names: "random_items", "shuffle-s2", "file", "family-odd".
std::string name_of(const CorruptionSpec& corruption);

// Names as the job file spells them.
const char* name_of(LetterCase value);
const char* name_of(Distractor value);
const char* name_of(Corruption value);

}  // namespace headsweep
