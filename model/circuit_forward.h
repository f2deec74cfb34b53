// Runs circuits on a family's clean prompts. What circuits have in common is computed once
// (docs/semantics.md): the residual stream below their first difference, a layer's heads, the
// constant that ablated heads add, the packed columns of the kept ones; and only what can reach the
// last positions is computed. Circuits that run side by side share their operations, too: on a
// device where each has to be launched, their number decides.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "model/ablation.h"
#include "model/circuit.h"
#include "model/circuit_plan.h"
#include "model/layer.h"
#include "model/masked_mlp_means.h"
#include "model/memory_need.h"
#include "model/prompt_batch.h"
#include "model/recent.h"

namespace headsweep {

/// What all of a family's prompts settle for some of them, which one CircuitForward runs.
struct FamilyPart {
  int parts = 1;                             // of the family
  std::shared_ptr<const KeptRows> kept;      // of the part's clean rows
  std::shared_ptr<const KeptRows> all_kept;  // of the family's, by which every part computes a
                                             // circuit in the same way
  AblationFills fills;                       // row_of is of the part's clean rows
  std::shared_ptr<MaskedMlpMeans> masked_means = nullptr;  // if circuits have their own
};

class CircuitForward {
 public:
  /// `most_circuits` are run side by side, as one wave; more at once is refused by assertion.
  CircuitForward(const Model& model, const PromptBatch& clean, const PromptBatch& corrupted,
                 const AblationRule& rule, int most_circuits);
  /// Of a part's clean prompts.
  CircuitForward(const Model& model, const PromptBatch& clean, const AblationRule& rule,
                 FamilyPart part, int most_circuits);

  int most_circuits() const { return most_circuits_; }

  /// Logit differences of the unablated model, (prompts).
  std::vector<double> run_full_model();

  /// Logit differences under each circuit, (circuits, prompts). A circuit's numbers depend on the
  /// circuit alone, bit for bit: not on what was run before, nor on what is run beside it.
  ///
  /// Everything is copied to the device before the first operation, and to the host after the last;
  /// in between only what is computed for the first time (packed heads) is copied or allocated.
  /// A circuit's own means of MLP outputs are taken before that.
  std::vector<std::vector<double>> run(std::span<const Circuit> circuits);

 private:
  /// One circuit under way.
  struct Slot {
    const Circuit* circuit = nullptr;  // nullptr: the unablated model
    CircuitPlan plan;
    std::int64_t place = 0;              // which part of the residual streams is its own
    int start = 0;                       // the layer at which it is taken up
    Numbers source;                      // the residual stream there
    std::vector<Numbers> own_mlp_fills;  // [layer]; empty: those of the family
    std::vector<std::pair<int, Numbers>> remembers;  // layers before which its residual stream is
                                                     // remembered, and where

    /// From the layer's attention on, only the last positions go on.
    bool last_only(int layer) const { return layer >= plan.last_attending; }
    /// The layer whose attention is the first of which only the last positions go on.
    int turning_layer() const { return std::max(start, plan.last_attending); }
    const LayerPlan& layer(int layer) const { return plan.layers[static_cast<std::size_t>(layer)]; }
  };
  using Slots = std::span<const Slot>;
  enum class HeadSource {
    shared,  // all heads, computed once for all slots of the group, and remembered
    own,     // all heads, computed for each slot
    packed,  // the kept heads
  };
  /// Neighbours whose attention in a layer is one operation each.
  struct Group {
    Slots slots;
    HeadSource source = HeadSource::packed;
    const std::uint8_t* keep = nullptr;  // (slots, rows, computed heads); nullptr: all are kept
  };
  using Groups = std::vector<Group>;
  /// What a layer needs when only some heads are computed.
  struct PackedHeads {
    HeadWeights weights;
    Array<int> heads;
    Numbers constant;  // (fill rows, d_model): b_O and what the other heads add when ablated
  };
  /// The clean rows that a layer computes: all, or each prompt's last.
  struct Rows {
    std::vector<int> rows;
    // For each slot in turn, so that the first serve a group of any size.
    Array<int> of_one;            // the rows in what all slots share
    Array<int> fill_row;          // their fill rows
    Array<std::uint8_t> ablated;  // 1: nothing is kept there; empty if MLPs take no part
  };

  // What is settled before the first operation of a wave (circuit_wave.cpp).
  void find_start(Slot& slot);
  void choose_prefixes(Slot& slot);
  std::vector<Groups> form_groups(Slots slots);
  Groups groups_of_layer(Slots slots, int layer);
  Groups with_own_heads(const Groups& groups, int layer);

  Rows make_rows(std::vector<int> rows) const;
  std::vector<std::vector<double>> run_slots(const std::vector<Slot>& slots);
  void begin(Slots slots, int layer);
  void remember_prefixes(Slots slots, int layer);
  void turn_to_last(Slots slots, int layer);
  std::vector<std::vector<double>> logit_differences(Slots slots);

  // The MLPs (circuit_mlps.cpp).
  void find_own_mlp_fills(Slot& slot);
  void keep_what_mlps_read(Slots slots, int layer);
  void feed_forward_all(Slots slots, int layer);
  void feed_forward_alike(Slots slots, int layer);
  void add_mlp_fills(Slots slots, int layer);

  // Attention (circuit_attention.cpp).
  void attend(const Group& group, int layer);
  void attend_shared(const Group& group, int layer);
  void attend_own(const Group& group, int layer);
  void attend_packed(const Group& group, int layer);
  Matrix shared_heads(const Slot& slot, int layer);
  Matrix compute_heads(const Group& group, int layer, const HeadWeights& weights,
                       const HeadFill& fill);
  const PackedHeads& packed_heads(int layer, const LayerPlan& plan, Queries queries);
  Numbers constant_without(int layer, const std::vector<int>& heads);
  HeadFill fill_of(const Group& group, int layer, const Array<int>& heads) const;

  /// Which circuits have the same heads in a layer.
  static Circuit prefix_of(const Slot& slot, int layer) {
    return slot.circuit != nullptr ? slot.circuit->prefix(layer)
                                   : Circuit();  // which is no circuit's prefix
  }
  /// (most_circuits, clean rows, d_model), and of the last positions (most_circuits, prompts,
  /// d_model).
  struct Streams {
    Numbers all, last;
  };
  Streams allocate_streams();
  // Of neighbours: (slots x clean rows, d_model), (slots x prompts, d_model).
  Matrix all_of(Slots slots, const Streams& streams) const;
  Matrix last_of(Slots slots, const Streams& streams) const;
  Matrix all_of(Slots slots) const { return all_of(slots, residual_); }
  Matrix last_of(Slots slots) const { return last_of(slots, residual_); }
  /// Which of the two goes on from a layer's attention.
  Matrix going_on(Slots slots, int layer, const Streams& streams) const;
  Matrix going_on(Slots slots, int layer) const { return going_on(slots, layer, residual_); }
  const Rows& rows_of(const Slot& slot, int layer) const {
    return slot.last_only(layer) ? last_rows_ : all_rows_;
  }

  const Model& model_;
  Backend& backend_;
  const AblationRule rule_;
  int most_circuits_;
  std::int64_t rows_, prompts_;  // of a slot
  Sequences sequences_;          // of most_circuits slots, one after the other
  FamilyPart part_;
  CacheLimits limits_;
  Rows all_rows_, last_rows_;
  Array<int> every_head_;
  Array<int> every_row_;                // of most_circuits slots; empty where nobody needs it
  Numbers embedding_;                   // (clean rows, d_model)
  Numbers directions_;                  // (most_circuits, prompts, d_model): answer's minus
                                        // distractor's unembedding
  std::vector<double> direction_bias_;  // (prompts)
  Streams residual_;
  Streams before_;             // what a parallel layer's MLPs read; else empty
  Numbers heads_;              // (most_circuits, clean rows, d_model), spaced
  Array<std::uint8_t> masks_;  // of a wave
  Array<double> dots_;         // (most_circuits, prompts)
  Scratch scratch_;

  // The circuit run last: where the next parts from it is worth remembering.
  Circuit previous_;
  // By what is kept below a layer: the residual stream before it, and z of all its heads.
  Recent<Circuit, Numbers> prefixes_, shared_heads_;
  Recent<std::pair<std::pair<int, Queries>, std::vector<int>>, PackedHeads> packed_;
};

}  // namespace headsweep
