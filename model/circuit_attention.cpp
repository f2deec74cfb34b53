// The attention half of CircuitForward: heads that are kept, heads that are replaced.
#include <algorithm>
#include <numeric>

#include "model/circuit_forward.h"

namespace headsweep {

void CircuitForward::attend(Slot& slot, int layer) {
  const LayerPlan& plan = slot.plan.layers[static_cast<std::size_t>(layer)];
  // Keys and values of the last attending layer still come from all rows; from its queries on, the
  // last ones do.
  if (layer >= slot.plan.last_attending && !slot.last_only) {
    backend_.gather_rows(slot.all, last_rows_.device_rows.data(), slot.last);
    slot.last_only = true;
  }
  const Rows& rows = slot.last_only ? last_rows_ : all_rows_;
  const Matrix x = slot.last_only ? slot.last : slot.all;
  if (plan.form == HeadForm::every_head) {
    attend_every_head(slot, layer, rows, x);
  } else {
    attend_packed(slot, layer, rows, x);
  }
}

void CircuitForward::attend_every_head(const Slot& slot, int layer, const Rows& rows, Matrix x) {
  const bool replaces = slot.plan.layers[static_cast<std::size_t>(layer)].replaces;
  Matrix z = shared_heads(slot, layer);
  if (slot.last_only || replaces) {
    const Matrix own = as_spaced_matrix(heads_, x.rows, x.columns);
    backend_.gather_rows(z, rows.device_rows.data(), own);
    z = own;
  }
  if (replaces) replace(slot, layer, rows, every_head_, z, z);
  write_heads(model_, layer, z, x);
}

/// z of all heads in all rows: a function of what is kept below the layer.
Matrix CircuitForward::shared_heads(const Slot& slot, int layer) {
  const std::int64_t rows = slot.all.rows, d = slot.all.columns;
  if (slot.circuit != nullptr)
    if (const auto* found = shared_heads_.find(slot.circuit->prefix(layer)))
      return as_matrix(*found, rows, d);
  const Numbers fresh = allocate_numbers(backend_, rows * d);
  read_heads(model_, layer, sequences_, slot.all, scratch_, as_matrix(fresh, rows, d));
  auto key = slot.circuit != nullptr ? slot.circuit->prefix(layer)
                                     : Circuit();  // which is no circuit's prefix
  return as_matrix(shared_heads_.put(std::move(key), fresh, fresh.bytes()), rows, d);
}

void CircuitForward::attend_packed(const Slot& slot, int layer, const Rows& rows, Matrix x) {
  const LayerPlan& plan = slot.plan.layers[static_cast<std::size_t>(layer)];
  const Queries queries = slot.last_only ? Queries::last_position : Queries::every_position;
  const PackedHeads& packed = packed_heads(layer, plan, queries);
  if (!plan.heads.empty()) {
    const int heads = static_cast<int>(plan.heads.size());
    const std::int64_t width = std::int64_t{heads} * model_.config().d_head();
    const Matrix normalized =
        as_spaced_matrix(scratch_.normalized, slot.all.rows, slot.all.columns);
    const Matrix z = as_spaced_matrix(heads_, x.rows, width);
    backend_.layer_norm(slot.all, model_.layer(layer).attention_scale,
                        model_.config().layer_norm_epsilon, normalized);
    if (queries == Queries::every_position) {
      const Matrix qkv = as_matrix(scratch_.projected, slot.all.rows, 3 * width);
      backend_.matmul(normalized, packed.weights.queries_keys_values, Epilogue::store, qkv);
      backend_.attention(sequences_.on_device(), heads, queries, qkv.part_of_columns(0, width),
                         qkv.part_of_columns(width, width), qkv.part_of_columns(2 * width, width),
                         z);
    } else {
      const Matrix kv = as_matrix(scratch_.projected, slot.all.rows, 2 * width);
      const Matrix asking = as_spaced_matrix(scratch_.hidden, x.rows, x.columns);
      const Matrix q = as_matrix(scratch_.projected, 2 * kv.rows + x.rows, width)
                           .part_of_rows(2 * kv.rows, x.rows);
      backend_.gather_rows(normalized, last_rows_.device_rows.data(), asking);
      backend_.matmul(asking, packed.weights.queries, Epilogue::store, q);
      backend_.matmul(normalized, packed.weights.keys_values, Epilogue::store, kv);
      backend_.attention(sequences_.on_device(), heads, queries, q, kv.part_of_columns(0, width),
                         kv.part_of_columns(width, width), z);
    }
    if (plan.replaces) replace(slot, layer, rows, packed.heads, z, z);
    backend_.matmul(z, packed.weights.output, Epilogue::accumulate, x);
  }
  backend_.add_rows(as_matrix(packed.constant, fills_.rows, x.columns), rows.fill_row.data(), x);
}

const CircuitForward::PackedHeads& CircuitForward::packed_heads(int layer, const LayerPlan& plan,
                                                                Queries queries) {
  const std::pair key(std::pair(layer, queries), plan.heads);
  if (const PackedHeads* found = packed_.find(key)) return *found;
  PackedHeads fresh;
  if (!plan.heads.empty()) {
    fresh.weights = model_.pack_heads(layer, plan.heads, queries);
    fresh.heads = to_device(backend_, std::span<const int>(plan.heads));
  }
  fresh.constant = constant_without(layer, plan.heads);
  const auto& w = fresh.weights;
  const std::int64_t bytes = w.queries_keys_values.bytes + w.queries.bytes + w.keys_values.bytes +
                             w.output.bytes + fresh.constant.bytes();
  return packed_.put(key, std::move(fresh), bytes);
}

/// b_O and, in each fill row, what all heads but these add when they are ablated.
Numbers CircuitForward::constant_without(int layer, const std::vector<int>& heads) {
  const std::int64_t d = model_.config().d_model, fill_rows = fills_.rows;
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
  const auto& values = fills_.heads[static_cast<std::size_t>(layer)];
  backend_.replace_heads(fill, as_matrix(values, fill_rows, d), as_matrix(chosen, fill_rows, d));
  backend_.matmul(as_matrix(chosen, fill_rows, d), model_.layer(layer).attention_output,
                  Epilogue::store, as_matrix(constant, fill_rows, d));
  return constant;
}

void CircuitForward::replace(const Slot& slot, int layer, const Rows& rows, const Array<int>& heads,
                             Matrix from, Matrix to) {
  const LayerPlan& plan = slot.plan.layers[static_cast<std::size_t>(layer)];
  const auto mask = keep_mask(*slot.circuit, layer, plan.heads, rows.rows, kept_);
  const auto keep = to_device(backend_, std::span<const std::uint8_t>(mask));
  const auto& values = fills_.heads[static_cast<std::size_t>(layer)];
  backend_.replace_heads(
      {as_matrix(values, fills_.rows, model_.config().d_model), rows.fill_row.data(), heads.data(),
       keep.data(), static_cast<int>(plan.heads.size())},
      from, to);
}

}  // namespace headsweep
