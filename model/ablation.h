// What takes the place of a head's output where it is not kept, and where a kept head is kept.
// Source: the mean-ablation hook of ARENA 2.0 and the seed notebook; exact semantics in
// docs/semantics.md.
#pragma once

#include <cstdint>
#include <vector>

#include "io/job.h"
#include "model/gpt2.h"
#include "model/prompt_batch.h"
#include "model/sequences.h"

namespace headsweep {

/// The fills of one family, computed once from the unablated model. (MLP outputs will have theirs
/// beside them.)
struct AblationFills {
  std::vector<Numbers> heads;  // [layer] (rows, d_model): z of all heads, before W_O
  int rows = 0;
  std::vector<int> row_of;  // (clean rows): the fill row that stands for each
};

/// mean: over the corrupted prompts of the clean prompt's template that have the position.
/// zero: zeros. resample: the z of the corrupted prompt with the same number.
/// `corrupted` is already padded where the semantics want padding to count (positions: union).
AblationFills compute_fills(const Gpt2& model, const PromptBatch& clean,
                            const PromptBatch& corrupted, Ablation kind);

/// Where a kept head is kept: for each named position, and for all of them together.
struct KeptRows {
  std::vector<std::vector<std::uint8_t>> of_name;  // [position name] (clean rows)
  std::vector<std::uint8_t> of_any;                // (clean rows)
};
KeptRows find_kept_rows(const PromptBatch& clean, const PromptBatch& corrupted,
                        Positions positions);

}  // namespace headsweep
