// The next token that the model expects after a text.
#pragma once

#include <vector>

#include "io/job.h"
#include "model/model.h"
#include "model/prompt_batch.h"

namespace headsweep {

/// Logits of all tokens after the last of `tokens`, (vocabulary). transformer_lens: less their
/// mean, which is what centring the unembedding does to them (TransformerLens, center_unembed);
/// probabilities are the same.
std::vector<double> next_token_logits(const Model& model, const std::vector<int>& tokens,
                                      Processing processing);

/// What tells whether the model answers a prompt: logits after its last token.
struct AnswerLogits {
  double answer = 0, distractor = 0;
  double best_other = 0;  // the highest of all tokens but the answer
};
std::vector<AnswerLogits> answer_logits(const Model& model, const PromptBatch& prompts);

/// exp(logit) / sum of exp(logit).
std::vector<double> softmax(const std::vector<double>& logits);

}  // namespace headsweep
