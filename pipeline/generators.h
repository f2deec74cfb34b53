// Sequences made by rule: words in, words out. How to add one: CONTRIBUTING.md.
#pragma once

#include <string>
#include <vector>

#include "io/family_spec.h"

namespace headsweep {

using Words = std::vector<std::string>;

/// `1 3 5 7 9 11`, its answer 13, and what the family takes for the wrong one.
struct Sequence {
  Words items;
  std::string answer, distractor;

  bool operator==(const Sequence&) const = default;
};

/// In the order of their starts.
std::vector<Sequence> make_sequences(const GenerateSpec& spec);

/// Whether the rule puts `next` behind `word`, wherever that stands: `1 3 5` has 41 43 in it, too.
/// (Of a recurrence, only of what stands in one of its sequences.)
bool follows(const SequenceSpec& spec, const std::string& word, const std::string& next);

}  // namespace headsweep
