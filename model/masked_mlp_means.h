// What MLPs put out on a family's corrupted prompts while heads are ablated there: a circuit's own
// means, for `mlp_means: under_head_mask`. Source: the released code of wlg1/seqcont_circ_expms.
#pragma once

#include <vector>

#include "model/ablation.h"
#include "model/circuit.h"
#include "model/layer.h"
#include "model/recent.h"

namespace headsweep {

/// Runs circuits' heads on the corrupted prompts, layer by layer, one circuit at a time. Circuits
/// that keep the same heads up to a layer have the same means there: what was computed for one
/// serves the other.
class MaskedMlpMeans {
 public:
  MaskedMlpMeans(const Gpt2& model, const PromptBatch& clean, const PromptBatch& corrupted,
                 Positions positions);

  /// [layer] (fill rows, d_model) of the layers below `end`; fill rows as in AblationFills.
  std::vector<Numbers> below(int end, const Circuit& circuit);

 private:
  struct AfterLayer {
    Numbers residual;  // (corrupted rows, d_model)
    Numbers means;     // (fill rows, d_model), of the layer's MLP
  };
  AfterLayer run_layer(int layer, const Circuit& heads, const Numbers& residual_before);
  void ablate(int layer, const Circuit& heads, Matrix z);

  const Gpt2& model_;
  Backend& backend_;
  Sequences sequences_;
  MeanRows mean_rows_;
  KeptRows kept_;                  // of the corrupted rows
  AblationFills fills_;            // of the corrupted prompts' own heads
  std::vector<int> rows_, heads_;  // counted
  Array<int> every_row_, every_head_, fill_row_;
  Array<std::uint8_t> mask_;     // (corrupted rows, heads)
  Numbers embedding_, outputs_;  // (corrupted rows, d_model)
  Scratch scratch_;
  Recent<Circuit, AfterLayer> known_;  // by the heads up to and with the layer
};

}  // namespace headsweep
