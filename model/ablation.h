// What takes the place of a component's output where it is not kept, and where a kept one is kept.
// Source: the mean-ablation hook of ARENA 2.0 and the seed notebook; exact semantics in
// docs/semantics.md.
#pragma once

#include <cstdint>
#include <vector>

#include "io/job.h"
#include "model/model.h"
#include "model/prompt_batch.h"
#include "model/sequences.h"

namespace headsweep {

/// How what is not kept is ablated, and which components can be.
struct AblationRule {
  Ablation kind = Ablation::mean;
  Positions positions = Positions::all;
  Components components = Components::heads;
  MlpMeans mlp_means = MlpMeans::clean;

  /// Every circuit has its own means of MLP outputs. (Zeros and a prompt's own values do not
  /// change with what is ablated elsewhere.)
  bool has_masked_means() const {
    return mlps_take_part(components) && mlp_means == MlpMeans::under_head_mask &&
           kind == Ablation::mean;
  }
  bool operator==(const AblationRule&) const = default;
};
/// The job's, with one of its ablations.
AblationRule ablation_rule(const Job& job, Ablation ablation);

/// The fills of one family, computed once from the unablated model.
struct AblationFills {
  std::vector<Numbers> heads;  // [layer] (rows, d_model): z of all heads, before W_O
  std::vector<Numbers> mlps;   // [layer] (rows, d_model): MLP outputs; empty if a circuit has its
                               // own, or MLPs take no part
  int rows = 0;
  std::vector<int> row_of;  // (clean rows): the fill row that stands for each
};

/// mean: over the corrupted prompts of the clean prompt's template that have the position.
/// zero: zeros. resample: the values of the corrupted prompt with the same number.
/// `corrupted` is already padded where the semantics want padding to count (positions: union).
/// `most_prompts` corrupted ones are run at a time; the means have the same bits for any number.
AblationFills compute_fills(const Model& model, const PromptBatch& clean,
                            const PromptBatch& corrupted, const AblationRule& rule,
                            int most_prompts = every_prompt);

/// Which fill row of mean ablation each corrupted row goes into.
struct MeanRows {
  static constexpr int none = -1;
  std::vector<int> fill_of;  // (corrupted rows): fill row, or none
  std::vector<int> counts;   // (fill rows): corrupted rows that it is the mean of
  std::vector<int> row_of;   // (clean rows)

  int fill_rows() const { return static_cast<int>(counts.size()); }
};
MeanRows find_mean_rows(const PromptBatch& clean, const PromptBatch& corrupted);

/// Means of a family's corrupted rows, which come batch after batch. Each is summed in the order of
/// the rows, so that its bits do not depend on how they are cut.
class MeanSums {
 public:
  MeanSums(const MeanRows& rows, std::int64_t columns);

  /// The next rows, (rows, columns).
  void add(Backend& backend, Matrix values);
  /// Of all that were added: (fill rows, columns).
  std::vector<double> means() const;

 private:
  const MeanRows* rows_;
  std::int64_t columns_;
  std::size_t next_row_ = 0;
  std::vector<double> sums_;  // (fill rows, columns)
};

/// Where a kept component is kept: for each named position, and for all of them together.
struct KeptRows {
  std::vector<std::vector<std::uint8_t>> of_name;  // [position name] (clean rows)
  std::vector<std::uint8_t> of_any;                // (clean rows)
};
KeptRows find_kept_rows(const PromptBatch& clean, const PromptBatch& corrupted,
                        Positions positions);

}  // namespace headsweep
