#include "model/masked_mlp_means.h"

#include <algorithm>
#include <numeric>

#include "model/circuit_plan.h"
#include "model/memory_need.h"

namespace headsweep {
namespace {

std::vector<int> counted(int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

}  // namespace

MaskedMlpMeans::MaskedMlpMeans(const Gpt2& model, const PromptBatch& clean,
                               const PromptBatch& corrupted, Positions positions)
    : model_(model),
      backend_(model.backend()),
      sequences_(lay_out(backend_, corrupted.tokens)),
      mean_rows_(find_mean_rows(clean, corrupted, sequences_)),
      kept_(find_kept_rows(corrupted, corrupted, positions)),
      fills_(compute_fills(model, corrupted, corrupted, {Ablation::mean, positions})),
      rows_(counted(sequences_.rows())),
      heads_(counted(model.config().heads)),
      every_row_(to_device(backend_, std::span<const int>(rows_))),
      every_head_(to_device(backend_, std::span<const int>(heads_))),
      fill_row_(to_device(backend_, std::span<const int>(fills_.row_of))),
      mask_(allocate<std::uint8_t>(backend_, std::ssize(rows_) * std::ssize(heads_))),
      embedding_(model.embed(corrupted.tokens)),
      outputs_(allocate_numbers(backend_, embedding_.size)),
      scratch_(make_scratch(model, sequences_.rows())),
      known_(masked_means_limit(model.config(), backend_.element(), std::ssize(rows_),
                                std::ssize(mean_rows_.sources))) {}

std::vector<Numbers> MaskedMlpMeans::below(int end, const Circuit& circuit) {
  const Circuit heads = circuit.of_heads();
  std::vector<Numbers> means;
  Numbers residual = embedding_;
  for (int layer = 0; layer < end; ++layer) {
    const Circuit key = heads.prefix(layer + 1);
    const AfterLayer* after = known_.find(key);
    if (after == nullptr) {
      AfterLayer fresh = run_layer(layer, heads, residual);
      const std::int64_t bytes = fresh.residual.bytes() + fresh.means.bytes();
      after = &known_.put(key, std::move(fresh), bytes);
    }
    means.push_back(after->means);
    residual = after->residual;
  }
  return means;
}

MaskedMlpMeans::AfterLayer MaskedMlpMeans::run_layer(int layer, const Circuit& heads,
                                                     const Numbers& residual_before) {
  const std::int64_t rows = sequences_.rows(), d = model_.config().d_model;
  const Numbers residual = allocate_numbers(backend_, rows * d);
  const Matrix x = as_matrix(residual, rows, d), outputs = as_matrix(outputs_, rows, d);
  backend_.gather_rows(as_matrix(residual_before, rows, d), every_row_.data(), x);
  read_heads(model_, layer, sequences_.on_device(), x, scratch_, outputs);
  ablate(layer, heads, outputs);
  write_heads(model_, layer, outputs, x);
  read_mlp(model_, layer, x, scratch_, outputs);
  backend_.add_rows(outputs, every_row_.data(), x);
  return {residual, to_device(backend_, means_of(mean_rows_, to_host(backend_, outputs),
                                                 static_cast<std::size_t>(d)))};
}

void MaskedMlpMeans::ablate(int layer, const Circuit& heads, Matrix z) {
  const std::vector<std::uint8_t> mask = keep_mask(heads, layer, heads_, rows_, kept_);
  if (std::ranges::find(mask, 0) == mask.end()) return;
  backend_.copy_to_device(std::as_bytes(std::span(mask)), mask_.data());
  const Matrix values =
      as_matrix(fills_.heads[static_cast<std::size_t>(layer)], fills_.rows, z.columns);
  backend_.replace_heads({values, fill_row_.data(), every_head_.data(), mask_.data(),
                          static_cast<int>(std::ssize(heads_))},
                         z, z);
}

}  // namespace headsweep
