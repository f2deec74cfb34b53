// The other half of CircuitForward: MLPs that are kept, MLPs that are replaced.
#include <optional>

#include "model/circuit_forward.h"
#include "model/neighbours.h"

namespace headsweep {

/// Those of the layers from its start on whose MLP is replaced somewhere.
void CircuitForward::find_own_mlp_fills(Slot& slot) {
  if (!part_.masked_means) return;
  int end = 0;
  for (int layer = slot.start; layer < slot.circuit->layers(); ++layer)
    if (slot.layer(layer).mlp != MlpForm::computed) end = layer + 1;
  slot.own_mlp_fills = part_.masked_means->below(end, *slot.circuit);
}

void CircuitForward::feed_forward_all(Slots slots, int layer) {
  using Alike = std::pair<bool, MlpForm>;
  const auto alike = [&](const Slot& slot) {
    return layer < slot.start ? std::nullopt
                              : std::optional(Alike(slot.last_only(layer), slot.layer(layer).mlp));
  };
  for (const Slots run : runs_of_neighbours(slots, alike)) feed_forward_alike(run, layer);
}

/// What the MLPs of a parallel layer read, before attention adds to it.
void CircuitForward::keep_what_mlps_read(Slots slots, int layer) {
  if (!model_.config().is_parallel()) return;
  const auto alike = [&](const Slot& slot) {
    const bool reads = layer >= slot.start && slot.layer(layer).mlp != MlpForm::ablated;
    return reads ? std::optional(slot.last_only(layer)) : std::nullopt;
  };
  for (const Slots run : runs_of_neighbours(slots, alike))
    backend_.gather_rows(going_on(run, layer), every_row_.data(), going_on(run, layer, before_));
}

void CircuitForward::feed_forward_alike(Slots slots, int layer) {
  const Slot& first = slots.front();
  const MlpForm form = first.layer(layer).mlp;
  const Matrix x = going_on(slots, layer);
  const Matrix before = model_.config().is_parallel() ? going_on(slots, layer, before_) : x;
  if (form == MlpForm::computed) return feed_forward(model_, layer, before, scratch_, x);
  if (form == MlpForm::ablated) return add_mlp_fills(slots, layer);
  // Both ways, and each row from one of them.
  const Matrix computed = as_spaced_matrix(heads_, x.rows, x.columns);
  backend_.gather_rows(x, every_row_.data(), computed);
  feed_forward(model_, layer, before, scratch_, computed);
  add_mlp_fills(slots, layer);
  // As if a row were one head: where something is kept, it comes from the rows that were computed.
  const HeadFill choice{computed, every_row_.data(), every_row_.data(),
                        rows_of(first, layer).ablated.data(), 1};
  backend_.replace_heads(choice, x, x);
}

void CircuitForward::add_mlp_fills(Slots slots, int layer) {
  const auto at = static_cast<std::size_t>(layer);
  const auto add = [&](const Numbers& fill, Slots to) {
    const Matrix x = going_on(to, layer);
    backend_.add_rows(as_matrix(fill, part_.fills.rows, x.columns),
                      rows_of(to.front(), layer).fill_row.data(), x);
  };
  if (!part_.masked_means) return add(part_.fills.mlps[at], slots);
  for (const Slot& slot : slots) add(slot.own_mlp_fills[at], {&slot, 1});
}

}  // namespace headsweep
