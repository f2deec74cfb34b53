#include "io/family_spec.h"

namespace headsweep {

int length_of(const SequenceSpec& spec) {
  return std::visit([](const auto& each) { return each.length; }, spec);
}

bool is_drawn(Corruption value) {
  return value == Corruption::repeat_random_element || value == Corruption::random_items ||
         value == Corruption::shuffle;
}

std::string with_seed(const std::string& name, int seed) {
  return name + "-s" + std::to_string(seed);
}

std::string name_of(const CorruptionSpec& corruption) {
  const std::string kind = name_of(corruption.kind);
  if (corruption.seed_naming == SeedNaming::named) return with_seed(kind, corruption.seed);
  return corruption.kind == Corruption::of_family ? kind + "-" + corruption.family : kind;
}

const char* name_of(LetterCase value) {
  switch (value) {
    case LetterCase::as_written:
      return "as_written";
    case LetterCase::lower:
      return "lower";
    case LetterCase::upper:
      return "upper";
    case LetterCase::title:
      return "title";
  }
  return "";
}

const char* name_of(Distractor value) {
  switch (value) {
    case Distractor::last:
      return "last";
    case Distractor::first:
      return "first";
    case Distractor::next:
      return "next";
  }
  return "";
}

const char* name_of(Corruption value) {
  switch (value) {
    case Corruption::repeat_last:
      return "repeat_last";
    case Corruption::repeat_all:
      return "repeat_all";
    case Corruption::repeat_random_element:
      return "repeat_random_element";
    case Corruption::random_items:
      return "random_items";
    case Corruption::switch_last_two:
      return "switch_last_two";
    case Corruption::shuffle:
      return "shuffle";
    case Corruption::of_family:
      return "family";
    case Corruption::of_file:
      return "file";
  }
  return "";
}

}  // namespace headsweep
