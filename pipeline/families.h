// A family as the model sees it: prompts read or generated, tokenised, and checked against each
// other.
#pragma once

#include <string>
#include <vector>

#include "io/job.h"
#include "io/prompt_file.h"
#include "model/config.h"
#include "model/prompt_batch.h"
#include "model/tokenizer.h"
#include "pipeline/family_prompts.h"

namespace headsweep {

struct Family {
  PromptFamily prompts;
  PromptBatch clean, corrupted;
  std::string sha256;  // of the prompts' texts, answers, distractors, templates and words
  Selection selection = {};
  std::vector<std::string> warnings = {};  // prompt_warnings()
};

/// Why the model does not take these tokens: they are too many, or one is none of its vocabulary;
/// empty: it does.
std::string why_not_taken(const std::vector<int>& tokens, const ModelConfig& config);

/// UserError names the prompt whose answer, distractor or word is not one token, or that is too
/// long for the model. All prompts must name the same positions.
PromptBatch tokenize_prompts(const std::vector<Prompt>& prompts, const Tokenizer& tokenizer,
                             const ModelConfig& config);

/// "'2'=S1 ' 4'=S2=end  answer ' 6', distractor ' 4'": a prompt's tokens and its named positions.
std::string describe_tokens(const PromptBatch& batch, std::size_t prompt,
                            const Tokenizer& tokenizer);

/// UserError names the prompt (file and line, or family and number) whose answer, distractor or
/// word is not one token, that is too long for the model, or that has no counterpart among the
/// corrupted ones. Under Positions:: union_of_corrupted the corrupted prompts are padded to one
/// length, since padding counts there.
Family tokenize_family(const PromptFamily& prompts, const Tokenizer& tokenizer,
                       const ModelConfig& config, Ablation ablation, Positions positions);

/// UserError if the family's prompts do not have what the ablation takes from them.
void check_ablation(const Family& family, Ablation ablation);

/// Without the names that stand where a later one stands in every prompt: a head that is kept at
/// the one is kept at the other.
void drop_synonyms(Family& family);

}  // namespace headsweep
