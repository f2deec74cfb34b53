#include "model/masked_mlp_means.h"

#include <algorithm>
#include <utility>

#include "model/circuit_plan.h"
#include "model/memory_need.h"
#include "model/numbers_below.h"

namespace headsweep {

MaskedMlpMeans::MaskedMlpMeans(const Model& model, const PromptBatch& clean,
                               const PromptBatch& corrupted, Positions positions, int most_prompts)
    : model_(model),
      backend_(model.backend()),
      corrupted_(corrupted),
      positions_(positions),
      mean_rows_(find_mean_rows(clean, corrupted)),
      fills_(compute_fills(model, corrupted, corrupted, {Ablation::mean, positions}, most_prompts)),
      heads_(numbers_below(model.config().heads)),
      every_head_(to_device(backend_, std::span<const int>(heads_))),
      parts_(cut(corrupted, most_prompts)),
      known_(masked_means_limit(model.config(), backend_.element(),
                                parts_.size() > 1 ? 0 : corrupted.all_tokens(),
                                mean_rows_.fill_rows())) {
  if (parts_.size() == 1) whole_ = make_batch(corrupted, 0);
}

MaskedMlpMeans::Batch MaskedMlpMeans::make_batch(const PromptBatch& prompts, int first_row) const {
  Batch batch;
  batch.sequences = lay_out(model_, prompts.tokens);
  batch.kept = find_kept_rows(prompts, corrupted_, positions_);
  batch.rows = numbers_below(batch.sequences.rows());
  batch.every_row = to_device(backend_, std::span<const int>(batch.rows));
  batch.fill_row = to_device(
      backend_,
      std::span(fills_.row_of).subspan(static_cast<std::size_t>(first_row), batch.rows.size()));
  batch.mask = allocate<std::uint8_t>(backend_, std::ssize(batch.rows) * std::ssize(heads_));
  batch.embedding = model_.embed(prompts.tokens);
  batch.outputs = allocate_numbers(backend_, batch.embedding.size);
  batch.scratch = make_scratch(model_, batch.sequences.rows());
  return batch;
}

std::vector<Numbers> MaskedMlpMeans::below(int end, const Circuit& circuit) {
  const Circuit heads = circuit.of_heads();
  std::vector<AfterLayer> layers;
  for (int layer = 0; layer < end; ++layer) {
    const AfterLayer* found = known_.find(heads.prefix(layer + 1));
    if (found == nullptr) break;
    layers.push_back(*found);
  }
  if (std::cmp_less(layers.size(), end)) run(heads, end, layers);
  std::vector<Numbers> means;
  for (const AfterLayer& after : layers) means.push_back(after.means);
  return means;
}

/// The layers that follow those that are known. Prompts in parts begin at the bottom.
void MaskedMlpMeans::run(const Circuit& heads, int end, std::vector<AfterLayer>& known) {
  const auto begin = static_cast<int>(known.size());
  std::vector<MeanSums> sums(static_cast<std::size_t>(end - begin),
                             MeanSums(mean_rows_, model_.config().d_model));
  std::vector<AfterLayer> fresh(sums.size());
  int first_row = 0;
  for (const PromptBatch& part : parts_) {
    std::optional<Batch> passing;
    if (!whole_) passing = make_batch(part, first_row);
    Batch& batch = whole_ ? *whole_ : *passing;
    Numbers residual = whole_ && begin > 0 ? known.back().residual : batch.embedding;
    for (int layer = whole_ ? begin : 0; layer < end; ++layer) {
      residual = run_layer(batch, layer, heads, residual);
      if (layer < begin) continue;
      const auto at = static_cast<std::size_t>(layer - begin);
      sums[at].add(backend_,
                   as_matrix(batch.outputs, std::ssize(batch.rows), model_.config().d_model));
      if (whole_) fresh[at].residual = residual;
    }
    first_row += batch.sequences.rows();
  }
  for (int layer = begin; layer < end; ++layer) {
    const auto at = static_cast<std::size_t>(layer - begin);
    fresh[at].means = to_device(backend_, sums[at].means());
    const std::int64_t bytes = fresh[at].residual.bytes() + fresh[at].means.bytes();
    known.push_back(known_.put(heads.prefix(layer + 1), fresh[at], bytes));
  }
}

/// Returns the residual stream after the layer; the batch's outputs are the MLP's then.
Numbers MaskedMlpMeans::run_layer(Batch& batch, int layer, const Circuit& heads,
                                  const Numbers& residual_before) {
  const std::int64_t rows = std::ssize(batch.rows), d = model_.config().d_model;
  const Numbers residual = allocate_numbers(backend_, rows * d);
  const Matrix x = as_matrix(residual, rows, d), outputs = as_matrix(batch.outputs, rows, d);
  backend_.gather_rows(as_matrix(residual_before, rows, d), batch.every_row.data(), x);
  read_heads(model_, layer, batch.sequences, batch.sequences.prompts(), x, batch.scratch, outputs);
  ablate(batch, layer, heads, outputs);
  write_heads(model_, layer, outputs, x);
  read_mlp(model_, layer, model_.config().is_parallel() ? as_matrix(residual_before, rows, d) : x,
           batch.scratch, outputs);
  backend_.add_rows(outputs, batch.every_row.data(), x);
  return residual;
}

void MaskedMlpMeans::ablate(const Batch& batch, int layer, const Circuit& heads, Matrix z) {
  const std::vector<std::uint8_t> mask = keep_mask(heads, layer, heads_, batch.rows, batch.kept);
  if (std::ranges::find(mask, 0) == mask.end()) return;
  backend_.copy_to_device(std::as_bytes(std::span(mask)), batch.mask.data());
  const Matrix values =
      as_matrix(fills_.heads[static_cast<std::size_t>(layer)], fills_.rows, z.columns);
  backend_.replace_heads({values, batch.fill_row.data(), every_head_.data(), batch.mask.data(),
                          static_cast<int>(std::ssize(heads_))},
                         z, z);
}

}  // namespace headsweep
