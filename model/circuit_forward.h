// Runs circuits on a family's clean prompts. What circuits have in common is computed once
// (docs/semantics.md): the residual stream below their first difference, a layer's heads, the
// constant that ablated heads add, the packed columns of the kept ones; and only what can reach the
// last positions is computed.
#pragma once

#include <span>
#include <vector>

#include "model/ablation.h"
#include "model/circuit.h"
#include "model/circuit_plan.h"
#include "model/layer.h"
#include "model/prompt_batch.h"
#include "model/recent.h"

namespace headsweep {

class CircuitForward {
 public:
  /// `most_circuits` are run side by side, their MLPs as one matrix product; more at once is
  /// refused by assertion.
  CircuitForward(const Gpt2& model, const PromptBatch& clean, const PromptBatch& corrupted,
                 Ablation ablation, Positions positions, int most_circuits);

  int most_circuits() const { return most_circuits_; }

  /// Logit differences of the unablated model, (prompts).
  std::vector<double> run_full_model();

  /// Logit differences under each circuit, (circuits, prompts). A circuit's numbers depend on the
  /// circuit alone, bit for bit: not on what was run before, nor on what is run beside it.
  std::vector<std::vector<double>> run(std::span<const Circuit> circuits);

 private:
  /// One circuit under way.
  struct Slot {
    const Circuit* circuit = nullptr;  // nullptr: the unablated model
    CircuitPlan plan;
    int start = 0;           // the layer at which it is taken up
    Numbers source;          // the residual stream there
    Matrix all, last;        // residual stream: (clean rows, d_model), (prompts, d_model)
    bool last_only = false;  // which of the two goes on
  };
  /// What a layer needs when only some heads are computed.
  struct PackedHeads {
    HeadWeights weights;
    Array<int> heads;
    Numbers constant;  // (fill rows, d_model): b_O and what the other heads add when ablated
  };
  /// The clean rows that a layer computes: all, or each prompt's last.
  struct Rows {
    std::vector<int> rows;
    Array<int> device_rows, fill_row;
  };

  Rows make_rows(std::vector<int> rows) const;
  std::vector<std::vector<double>> run_slots(std::vector<Slot>& slots);
  void find_start(Slot& slot);
  void begin(Slot& slot);
  void remember_prefix(const Slot& slot, int layer);
  void attend(Slot& slot, int layer);
  void attend_every_head(const Slot& slot, int layer, const Rows& rows, Matrix x);
  void attend_packed(const Slot& slot, int layer, const Rows& rows, Matrix x);
  Matrix shared_heads(const Slot& slot, int layer);
  const PackedHeads& packed_heads(int layer, const LayerPlan& plan, Queries queries);
  Numbers constant_without(int layer, const std::vector<int>& heads);
  void replace(const Slot& slot, int layer, const Rows& rows, const Array<int>& heads, Matrix from,
               Matrix to);
  void feed_forward_all(std::vector<Slot>& slots, int layer);
  std::vector<double> logit_differences(const Slot& slot);

  const Gpt2& model_;
  Backend& backend_;
  int most_circuits_;
  Sequences sequences_;
  KeptRows kept_;
  AblationFills fills_;
  Rows all_rows_, last_rows_;
  Array<int> every_head_;
  Numbers embedding_;   // (clean rows, d_model)
  Numbers directions_;  // (prompts, d_model): answer's minus distractor's unembedding
  std::vector<double> direction_bias_;    // (prompts)
  Numbers residual_all_, residual_last_;  // (most_circuits, clean rows or prompts, d_model)
  Numbers heads_;                         // (clean rows, d_model), spaced
  Scratch scratch_;

  // The circuit run last: where the next parts from it is worth remembering.
  Circuit previous_;
  // By what is kept below a layer: the residual stream before it, and z of all its heads.
  Recent<Circuit, Numbers> prefixes_, shared_heads_;
  Recent<std::pair<std::pair<int, Queries>, std::vector<int>>, PackedHeads> packed_;
};

}  // namespace headsweep
