// The prompts of a job's families: read, or made of sequences, sentences and corruptions. What the
// tokenizer cuts into pieces is left out, and so is what the model gets wrong where the job says
// so.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/family_spec.h"
#include "io/prompt_file.h"
#include "model/tokenizer.h"

namespace headsweep {

/// A prompt or a word that is not used, and why.
struct LeftOut {
  std::string text, reason;

  bool operator==(const LeftOut&) const = default;
};

/// What a family uses of what its rules make.
struct Selection {
  int generated = 0;  // clean prompts, those that are left out included; 0: they are from a file
  std::vector<LeftOut> prompts;
  std::vector<LeftOut> words;  // of fillers, and of what corruptions draw from
};

struct MadeFamily {
  PromptFamily prompts;
  Selection selection;
};

/// Which of the clean prompts the full model answers as the job asks.
using AnswerCheck =
    std::function<std::vector<bool>(const std::vector<Prompt>& prompts, const KeepSpec& keep)>;

/// In the order of the job. UserError for a family of which nothing is left, or whose corruption
/// cannot be. `answer_check` may be empty where no family has `keep`. `wanted`, by family: those
/// that are not stay empty, and nothing of theirs is read; empty: all are.
std::vector<MadeFamily> make_prompts(const std::vector<FamilySpec>& families,
                                     const Tokenizer& tokenizer,
                                     const AnswerCheck& answer_check = {},
                                     const std::vector<bool>& wanted = {});

/// "2 of 12 prompts left out: ...", for people; empty if nothing is.
std::string describe_left_out(const Selection& selection);

}  // namespace headsweep
