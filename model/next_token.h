// The next token that the model expects after a text.
#pragma once

#include <vector>

#include "io/job.h"
#include "model/gpt2.h"

namespace headsweep {

/// Logits of all tokens after the last of `tokens`, (vocabulary). transformer_lens: less their
/// mean, which is what centring the unembedding does to them (TransformerLens, center_unembed);
/// probabilities are the same.
std::vector<double> next_token_logits(const Gpt2& model, const std::vector<int>& tokens,
                                      Processing processing);

/// exp(logit) / sum of exp(logit).
std::vector<double> softmax(const std::vector<double>& logits);

}  // namespace headsweep
