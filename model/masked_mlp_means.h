// What MLPs put out on a family's corrupted prompts while heads are ablated there: a circuit's own
// means, for `mlp_means: under_head_mask`. Source: the released code of wlg1/seqcont_circ_expms.
#pragma once

#include <cstdint>
#include <optional>
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
  /// So many corrupted prompts are run at a time; the means have the same bits for any number.
  MaskedMlpMeans(const Model& model, const PromptBatch& clean, const PromptBatch& corrupted,
                 Positions positions, int most_prompts);

  /// [layer] (fill rows, d_model) of the layers below `end`; fill rows as in AblationFills.
  std::vector<Numbers> below(int end, const Circuit& circuit);

 private:
  /// Prompts that are run together.
  struct Batch {
    Sequences sequences;
    KeptRows kept;          // of its rows
    std::vector<int> rows;  // counted
    Array<int> every_row, fill_row;
    Array<std::uint8_t> mask;    // (rows, heads)
    Numbers embedding, outputs;  // (rows, d_model)
    Scratch scratch;
  };
  struct AfterLayer {
    Numbers residual;  // (corrupted rows, d_model); empty if the prompts are run in parts
    Numbers means;     // (fill rows, d_model), of the layer's MLP
  };
  Batch make_batch(const PromptBatch& prompts, int first_row) const;
  void run(const Circuit& heads, int end, std::vector<AfterLayer>& known);
  Numbers run_layer(Batch& batch, int layer, const Circuit& heads, const Numbers& residual_before);
  void ablate(const Batch& batch, int layer, const Circuit& heads, Matrix z);

  const Model& model_;
  Backend& backend_;
  PromptBatch corrupted_;
  Positions positions_;
  MeanRows mean_rows_;
  AblationFills fills_;     // of the corrupted prompts' own heads
  std::vector<int> heads_;  // counted
  Array<int> every_head_;
  std::vector<PromptBatch> parts_;
  std::optional<Batch> whole_;         // if there is one part alone
  Recent<Circuit, AfterLayer> known_;  // by the heads up to and with the layer
};

}  // namespace headsweep
