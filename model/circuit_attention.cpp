// The attention half of CircuitForward: heads that are kept, heads that are replaced.
#include <iterator>

#include "model/circuit_forward.h"

namespace headsweep {

void CircuitForward::attend(const Group& group, int layer) {
  switch (group.source) {
    case HeadSource::shared:
      return attend_shared(group, layer);
    case HeadSource::own:
      return attend_own(group, layer);
    case HeadSource::packed:
      break;
  }
  attend_packed(group, layer);
}

void CircuitForward::attend_shared(const Group& group, int layer) {
  const Matrix x = going_on(group.slots, layer);
  Matrix z = shared_heads(group.slots.front(), layer);
  if (x.rows != z.rows || group.keep != nullptr) {
    const Matrix own = as_spaced_matrix(heads_, x.rows, x.columns);
    backend_.gather_rows(z, rows_of(group.slots.front(), layer).of_one.data(), own);
    z = own;
  }
  if (group.keep != nullptr) backend_.replace_heads(fill_of(group, layer, every_head_), z, z);
  write_heads(model_, layer, z, x);
}

/// z of all heads in all rows: a function of what is kept below the layer.
Matrix CircuitForward::shared_heads(const Slot& slot, int layer) {
  const std::int64_t d = model_.config().d_model, bytes = rows_ * d * bytes_of(backend_.element());
  auto key = prefix_of(slot, layer);
  if (slot.circuit != nullptr)
    if (const auto* found = shared_heads_.find(key)) return as_matrix(*found, rows_, d);
  Numbers fresh = shared_heads_.make_room(bytes).value_or(Numbers());
  if (fresh.owner == nullptr) fresh = allocate_numbers(backend_, rows_ * d);
  read_heads(model_, layer, sequences_, prompts_, all_of({&slot, 1}), scratch_,
             as_matrix(fresh, rows_, d));
  return as_matrix(shared_heads_.put(std::move(key), fresh, bytes), rows_, d);
}

void CircuitForward::attend_own(const Group& group, int layer) {
  HeadWeights weights;
  weights.queries_keys_values = model_.layer(layer).attention_input;
  const HeadFill fill = fill_of(group, layer, every_head_);
  write_heads(model_, layer, compute_heads(group, layer, weights, fill),
              going_on(group.slots, layer));
}

void CircuitForward::attend_packed(const Group& group, int layer) {
  const Slot& first = group.slots.front();
  const LayerPlan& plan = first.layer(layer);
  const PackedHeads& packed = packed_heads(
      layer, plan, first.last_only(layer) ? Queries::last_position : Queries::every_position);
  const Matrix x = going_on(group.slots, layer);
  if (!plan.heads.empty()) {
    const Matrix z =
        compute_heads(group, layer, packed.weights, fill_of(group, layer, packed.heads));
    backend_.matmul(z, packed.weights.output, Epilogue::accumulate, x);
  }
  backend_.add_rows(as_matrix(packed.constant, part_.fills.rows, x.columns),
                    rows_of(first, layer).fill_row.data(), x);
}

/// z of the weights' heads in the rows that go on, for each slot.
Matrix CircuitForward::compute_heads(const Group& group, int layer, const HeadWeights& weights,
                                     const HeadFill& fill) {
  const Slots slots = group.slots;
  const Matrix all = all_of(slots), x = going_on(slots, layer);
  const SequenceRows sequences = sequences_.first(std::ssize(slots) * prompts_);
  const int heads = static_cast<int>(std::ssize(slots.front().layer(layer).heads));
  const std::int64_t width = std::int64_t{heads} * model_.config().d_head();
  const Matrix normalized = as_spaced_matrix(scratch_.normalized, all.rows, all.columns),
               z = as_spaced_matrix(heads_, x.rows, width);
  backend_.layer_norm(all, model_.layer(layer).attention_scale, model_.config().layer_norm_epsilon,
                      normalized);
  const bool last = slots.front().last_only(layer);
  const Queries queries = last ? Queries::last_position : Queries::every_position;
  const int* const last_rows = sequences_.device_last_rows.data();
  if (!weights.queries_keys_values.empty()) {
    const Matrix qkv = as_matrix(scratch_.projected, all.rows, 3 * width);
    backend_.matmul(normalized, weights.queries_keys_values, Epilogue::store, qkv);
    turn_heads(model_, 2 * heads, sequences_.device_positions, qkv.part_of_columns(0, 2 * width));
    Matrix q = qkv.part_of_columns(0, width);
    if (last) {
      const Matrix asking = as_spaced_matrix(scratch_.hidden, x.rows, width);
      backend_.gather_rows(q, last_rows, asking);
      q = asking;
    }
    backend_.attention(sequences, heads, queries, q, qkv.part_of_columns(width, width),
                       qkv.part_of_columns(2 * width, width), fill, z);
    return z;
  }
  const Matrix kv = as_matrix(scratch_.projected, all.rows, 2 * width);
  const Matrix asking = as_spaced_matrix(scratch_.hidden, x.rows, x.columns);
  const Matrix q =
      as_matrix(scratch_.projected, 2 * kv.rows + x.rows, width).part_of_rows(2 * kv.rows, x.rows);
  backend_.gather_rows(normalized, last_rows, asking);
  backend_.matmul(asking, weights.queries, Epilogue::store, q);
  backend_.matmul(normalized, weights.keys_values, Epilogue::store, kv);
  turn_heads(model_, heads, sequences_.device_last_positions, q);
  turn_heads(model_, heads, sequences_.device_positions, kv.part_of_columns(0, width));
  backend_.attention(sequences, heads, queries, q, kv.part_of_columns(0, width),
                     kv.part_of_columns(width, width), fill, z);
  return z;
}

HeadFill CircuitForward::fill_of(const Group& group, int layer, const Array<int>& heads) const {
  if (group.keep == nullptr) return {};
  const auto& values = part_.fills.heads[static_cast<std::size_t>(layer)];
  return {as_matrix(values, part_.fills.rows, model_.config().d_model),
          rows_of(group.slots.front(), layer).fill_row.data(), heads.data(), group.keep,
          static_cast<int>(heads.size)};
}

const CircuitForward::PackedHeads& CircuitForward::packed_heads(int layer, const LayerPlan& plan,
                                                                Queries queries) {
  std::pair key(std::pair(layer, queries), plan.heads);
  if (const PackedHeads* found = packed_.find(key)) return *found;
  const std::int64_t bytes = packed_heads_bytes(model_.config(), backend_,
                                                static_cast<int>(std::ssize(plan.heads)), queries) +
                             constant_bytes(model_.config(), backend_.element(), part_.fills.rows);
  while (packed_.make_room(bytes)) {
  }
  PackedHeads fresh;
  if (!plan.heads.empty()) {
    fresh.weights = model_.pack_heads(layer, plan.heads, queries);
    fresh.heads = to_device(backend_, std::span<const int>(plan.heads));
  }
  fresh.constant = constant_without(layer, plan.heads);
  return packed_.put(std::move(key), std::move(fresh), bytes);
}

/// b_O and, in each fill row, what all heads but these add when they are ablated.
Numbers CircuitForward::constant_without(int layer, const std::vector<int>& heads) {
  const std::int64_t d = model_.config().d_model, fill_rows = part_.fills.rows;
  const auto count = static_cast<std::size_t>(model_.config().heads);
  std::vector<std::uint8_t> ablated(static_cast<std::size_t>(fill_rows) * count, 1);
  for (std::size_t row = 0; row < static_cast<std::size_t>(fill_rows); ++row)
    for (const int head : heads) ablated[row * count + static_cast<std::size_t>(head)] = 0;
  const std::vector<double> zeros(static_cast<std::size_t>(d));
  const std::vector<int> zero_row(static_cast<std::size_t>(fill_rows), 0);

  const auto keep = to_device(backend_, std::span<const std::uint8_t>(ablated));
  const Numbers zero_values = to_device(backend_, zeros);
  const auto row = to_device(backend_, std::span<const int>(zero_row));
  const Numbers chosen = allocate_numbers(backend_, fill_rows * d),
                constant = allocate_numbers(backend_, fill_rows * d);
  const HeadFill fill{as_matrix(zero_values, 1, d), row.data(), every_head_.data(), keep.data(),
                      static_cast<int>(count)};
  const auto& values = part_.fills.heads[static_cast<std::size_t>(layer)];
  backend_.replace_heads(fill, as_matrix(values, fill_rows, d), as_matrix(chosen, fill_rows, d));
  backend_.matmul(as_matrix(chosen, fill_rows, d), model_.layer(layer).attention_output,
                  Epilogue::store, as_matrix(constant, fill_rows, d));
  return constant;
}

}  // namespace headsweep
