// How a circuit is computed: which heads each layer computes, in which form, whether its MLP is
// computed, and from where on only the last positions matter. A function of the circuit alone, so
// that its score has the same bits however it comes to be evaluated.
#pragma once

#include <vector>

#include "model/ablation.h"
#include "model/circuit.h"

namespace headsweep {

enum class HeadForm {
  every_head,  // z of all heads, those that are not kept replaced: shared by all circuits with the
               // same prefix
  packed,      // only kept heads are computed, the others are a constant for each fill row
};

enum class MlpForm {
  computed,         // in all rows
  ablated,          // in no row: what stands in for it is all that is added
  kept_where_named  // computed in all rows, and ablated in those that keep nothing
};

struct LayerPlan {
  HeadForm form = HeadForm::packed;
  std::vector<int> heads;  // that are computed: kept in at least one row (every_head: all)
  bool replaces = false;   // some computed head is not kept in some row
  MlpForm mlp = MlpForm::computed;
};

struct CircuitPlan {
  std::vector<LayerPlan> layers;
  int last_attending = -1;  // the highest layer that computes a head; from its attention on, only
                            // last positions matter
};

/// More of a layer's heads than these are not packed: computing all costs little more than
/// computing most of them, and can be shared.
int most_packed_heads(int heads);

CircuitPlan plan_circuit(const Circuit& circuit, const KeptRows& kept);

/// The unablated model.
CircuitPlan plan_full_model(int layers, int heads);

/// (rows, heads): 1 where the circuit keeps the head in the row. `rows` are clean rows.
std::vector<std::uint8_t> keep_mask(const Circuit& circuit, int layer,
                                    const std::vector<int>& heads, const std::vector<int>& rows,
                                    const KeptRows& kept);

}  // namespace headsweep
