#include "model/next_token.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "model/layer.h"

namespace headsweep {
namespace {

/// The residual stream after the last layer, normalised, at each prompt's last token.
std::vector<std::vector<double>> last_residuals(const Model& model,
                                                const std::vector<std::vector<int>>& prompts) {
  Backend& backend = model.backend();
  const Sequences sequences = lay_out(model, prompts);
  const std::int64_t rows = sequences.rows(), d = model.config().d_model;
  const Numbers residual = run_unablated(model, prompts, sequences, {[](Matrix) {}});
  const Matrix x = as_matrix(residual, rows, d);
  backend.layer_norm(x, {}, model.config().layer_norm_epsilon, x);
  std::vector<std::vector<double>> last;
  for (const int row : sequences.last_rows)
    last.push_back(to_host(backend, x.part_of_rows(row, 1)));
  return last;
}

double logit(const std::vector<double>& residual, const FoldedWeights::Direction& direction) {
  return std::inner_product(residual.begin(), residual.end(), direction.column.begin(),
                            direction.bias);
}

/// (prompts, d_model) to (d_model, prompts).
std::vector<double> transposed(const std::vector<std::vector<double>>& rows) {
  std::vector<double> columns;
  for (std::size_t k = 0; k < rows.front().size(); ++k)
    for (const auto& row : rows) columns.push_back(row[k]);
  return columns;
}

/// A token's logit for each prompt, summed in the order of logit(), but for all of them at a time.
void set_logits(const std::vector<double>& residuals, const FoldedWeights::Direction& direction,
                std::vector<double>& logits) {
  std::ranges::fill(logits, direction.bias);
  const double* residual = residuals.data();
  for (const double weight : direction.column)
    for (double& logit : logits) logit += weight * *residual++;
}

/// Prompts whose rows are computed at the same time: the embedding table is read once for each.
constexpr std::size_t prompts_at_once = 64;

}  // namespace

std::vector<double> next_token_logits(const Model& model, const std::vector<int>& tokens,
                                      Processing processing) {
  const std::vector<double> residual = last_residuals(model, {tokens}).front();
  std::vector<double> logits;
  for (int token = 0; token < model.config().vocabulary; ++token)
    logits.push_back(logit(residual, model.unembedding(token)));
  model.stored().release_embeddings();
  if (processing == Processing::transformer_lens) {
    const double mean =
        std::accumulate(logits.begin(), logits.end(), 0.0) / static_cast<double>(logits.size());
    for (double& logit : logits) logit -= mean;
  }
  return logits;
}

std::vector<AnswerLogits> answer_logits(const Model& model, const PromptBatch& prompts) {
  std::vector<AnswerLogits> result(prompts.tokens.size(),
                                   {0, 0, -std::numeric_limits<double>::infinity()});
  for (std::size_t first = 0; first < result.size(); first += prompts_at_once) {
    const std::size_t count = std::min(prompts_at_once, result.size() - first);
    const auto begin = prompts.tokens.begin() + static_cast<std::ptrdiff_t>(first);
    const auto residuals =
        transposed(last_residuals(model, {begin, begin + static_cast<std::ptrdiff_t>(count)}));
    std::vector<double> logits(count);
    for (int token = 0; token < model.config().vocabulary; ++token) {
      set_logits(residuals, model.unembedding(token), logits);
      for (std::size_t i = 0; i < count; ++i) {
        AnswerLogits& found = result[first + i];
        if (token == prompts.answers[first + i]) {
          found.answer = logits[i];
        } else {
          found.best_other = std::max(found.best_other, logits[i]);
        }
        if (token == prompts.distractors[first + i]) found.distractor = logits[i];
      }
    }
  }
  model.stored().release_embeddings();
  return result;
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
