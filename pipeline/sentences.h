// Sentences around the items of a sequence, apart from what the sequence is.
#pragma once

#include <string>
#include <vector>

#include "io/family_spec.h"
#include "io/prompt_file.h"
#include "pipeline/generators.h"

namespace headsweep {

/// What stands around the items: before the first, between them, behind the last.
struct Sentence {
  std::vector<std::string> around;
  int template_id = 0;
};

/// Items with a space between them.
Sentence plain_sentence(int length);

/// per_template sentences of each template, template after template. Filler words are drawn, each
/// at most once in a sentence; the choice depends on the seed, the template's number, the
/// sentence's and on how many words there are, so that families with the same fillers have the same
/// sentences.
std::vector<Sentence> make_sentences(const SentenceSpec& spec, int length);

/// Positions S1, S2, ...
Prompt put_into(const Sentence& sentence, const Sequence& sequence);

}  // namespace headsweep
