#include "model/next_token.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/layer.h"

namespace headsweep {
namespace {

/// The residual stream after the last layer, normalised, at the last token.
std::vector<double> last_residual(const Gpt2& model, const std::vector<int>& tokens) {
  Backend& backend = model.backend();
  const std::vector<std::vector<int>> prompt = {tokens};
  const Sequences sequences = lay_out(backend, prompt);
  const std::int64_t rows = sequences.rows(), d = model.config().d_model;
  const Numbers residual = run_unablated(model, prompt, sequences, [](Matrix) {});
  const Matrix x = as_matrix(residual, rows, d);
  backend.layer_norm(x, {}, model.config().layer_norm_epsilon, x);
  return to_host(backend, x.part_of_rows(rows - 1, 1));
}

}  // namespace

std::vector<double> next_token_logits(const Gpt2& model, const std::vector<int>& tokens,
                                      Processing processing) {
  const std::vector<double> residual = last_residual(model, tokens);
  std::vector<double> logits;
  for (int token = 0; token < model.config().vocabulary; ++token) {
    const auto direction = model.unembedding(token);
    logits.push_back(std::inner_product(residual.begin(), residual.end(), direction.column.begin(),
                                        direction.bias));
  }
  model.stored().release_embedding();
  if (processing == Processing::transformer_lens) {
    const double mean =
        std::accumulate(logits.begin(), logits.end(), 0.0) / static_cast<double>(logits.size());
    for (double& logit : logits) logit -= mean;
  }
  return logits;
}

std::vector<double> softmax(const std::vector<double>& logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> result;
  for (const double logit : logits) result.push_back(std::exp(logit - largest));
  const double sum = std::accumulate(result.begin(), result.end(), 0.0);
  for (double& value : result) value /= sum;
  return result;
}

}  // namespace headsweep
