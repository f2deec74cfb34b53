#include "model/circuit_forward.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace headsweep {
namespace {

std::vector<int> counted(int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

/// Memory for what is remembered: enough for every layer's residual stream of a family of some
/// hundred prompts.
constexpr std::int64_t prefix_bytes = std::int64_t{512} << 20;

/// A search that walks through the layers needs the heads of one layer at a time; a second serves
/// the change of layer.
std::int64_t shared_heads_bytes(std::int64_t rows, const Gpt2& model) {
  return 2 * rows * model.config().d_model * bytes_of(model.backend().element());
}

/// Packed kept heads may take a quarter of what the layers' attention weights take together.
std::int64_t packed_heads_bytes(const Gpt2& model) {
  return model.config().layers * model.layer(0).attention_output.bytes;
}

}  // namespace

CircuitForward::CircuitForward(const Gpt2& model, const PromptBatch& clean,
                               const PromptBatch& corrupted, Ablation ablation, Positions positions,
                               int most_circuits)
    : model_(model),
      backend_(model.backend()),
      most_circuits_(most_circuits),
      sequences_(lay_out(backend_, clean.tokens)),
      kept_(find_kept_rows(clean, corrupted, positions)),
      fills_(compute_fills(model, clean, corrupted, ablation)),
      all_rows_(make_rows(counted(sequences_.rows()))),
      last_rows_(make_rows(sequences_.last_rows)),
      every_head_(to_device(backend_, std::span<const int>(counted(model.config().heads)))),
      embedding_(model.embed(clean.tokens)),
      scratch_(make_scratch(model, std::int64_t{sequences_.rows()} * most_circuits)),
      prefixes_(prefix_bytes),
      shared_heads_(shared_heads_bytes(sequences_.rows(), model)),
      packed_(packed_heads_bytes(model)) {
  const std::int64_t d = model.config().d_model;
  residual_all_ = allocate_numbers(backend_, std::int64_t{most_circuits} * sequences_.rows() * d);
  residual_last_ =
      allocate_numbers(backend_, std::int64_t{most_circuits} * sequences_.prompts() * d);
  heads_ = allocate_numbers(backend_, sequences_.rows() * (d + row_gap));

  std::vector<double> directions;
  for (std::size_t b = 0; b < clean.tokens.size(); ++b) {
    const auto answer = model.unembedding(clean.answers[b]),
               distractor = model.unembedding(clean.distractors[b]);
    for (std::size_t i = 0; i < answer.column.size(); ++i)
      directions.push_back(answer.column[i] - distractor.column[i]);
    direction_bias_.push_back(answer.bias - distractor.bias);
  }
  directions_ = to_device(backend_, directions);
}

CircuitForward::Rows CircuitForward::make_rows(std::vector<int> rows) const {
  std::vector<int> fill_row;
  for (const int row : rows) fill_row.push_back(fills_.row_of[static_cast<std::size_t>(row)]);
  Rows result{std::move(rows), {}, to_device(backend_, std::span<const int>(fill_row))};
  result.device_rows = to_device(backend_, std::span<const int>(result.rows));
  return result;
}

std::vector<double> CircuitForward::run_full_model() {
  const auto& config = model_.config();
  const bool kept_everywhere =
      std::find(kept_.of_any.begin(), kept_.of_any.end(), 0) == kept_.of_any.end();
  // The same numbers either way; as a circuit, its residual streams are remembered for those that
  // follow.
  if (kept_everywhere) {
    const Circuit everything(config.layers, config.heads, Circuit::Start::everything);
    return run({&everything, 1}).front();
  }
  std::vector<Slot> slots(1);
  slots[0].plan = plan_full_model(config.layers, config.heads);
  slots[0].source = embedding_;
  return run_slots(slots).front();
}

std::vector<std::vector<double>> CircuitForward::run(std::span<const Circuit> circuits) {
  std::vector<Slot> slots;
  for (const Circuit& circuit : circuits) {
    Slot& slot = slots.emplace_back();
    slot.circuit = &circuit;
    slot.plan = plan_circuit(circuit, kept_);
    find_start(slot);
  }
  auto results = run_slots(slots);
  if (!circuits.empty()) previous_ = circuits.back();
  return results;
}

/// The deepest layer before which the circuit's residual stream is remembered.
void CircuitForward::find_start(Slot& slot) {
  slot.source = embedding_;
  for (int layer = slot.circuit->layers() - 1; layer > 0; --layer)
    if (const Numbers* found = prefixes_.find(slot.circuit->prefix(layer))) {
      slot.start = layer;
      slot.source = *found;
      return;
    }
}

std::vector<std::vector<double>> CircuitForward::run_slots(std::vector<Slot>& slots) {
  assert(slots.size() <= static_cast<std::size_t>(most_circuits_));
  const std::int64_t d = model_.config().d_model, rows = sequences_.rows(),
                     prompts = sequences_.prompts();
  int first_layer = model_.config().layers;
  for (std::size_t s = 0; s < slots.size(); ++s) {
    const auto place = static_cast<std::int64_t>(s);
    slots[s].all =
        as_matrix(residual_all_, most_circuits_ * rows, d).part_of_rows(place * rows, rows);
    slots[s].last = as_matrix(residual_last_, most_circuits_ * prompts, d)
                        .part_of_rows(place * prompts, prompts);
    first_layer = std::min(first_layer, slots[s].start);
  }
  for (int layer = first_layer; layer < model_.config().layers; ++layer) {
    for (Slot& slot : slots) {
      if (layer < slot.start) continue;
      if (layer == slot.start) begin(slot);
      remember_prefix(slot, layer);
      attend(slot, layer);
    }
    feed_forward_all(slots, layer);
  }
  std::vector<std::vector<double>> results;
  for (const Slot& slot : slots) results.push_back(logit_differences(slot));
  return results;
}

void CircuitForward::begin(Slot& slot) {
  const Matrix source = as_matrix(slot.source, slot.all.rows, slot.all.columns);
  backend_.gather_rows(source, all_rows_.device_rows.data(), slot.all);
}

/// Remembers the residual stream where the circuit parts from the one before it: the next is likely
/// to part there, too. That of the first circuit of its kind is remembered everywhere, for a search
/// that goes down from the last layer.
void CircuitForward::remember_prefix(const Slot& slot, int layer) {
  if (slot.circuit == nullptr || layer == 0 || slot.last_only) return;
  const bool first = previous_.layers() == 0 || previous_.positions() != slot.circuit->positions();
  if (!first && previous_.first_difference(*slot.circuit) != layer) return;
  auto prefix = slot.circuit->prefix(layer);
  if (prefixes_.find(prefix) != nullptr) return;
  const Numbers copy = allocate_numbers(backend_, slot.all.rows * slot.all.columns);
  backend_.gather_rows(slot.all, all_rows_.device_rows.data(),
                       as_matrix(copy, slot.all.rows, slot.all.columns));
  prefixes_.put(std::move(prefix), copy, copy.bytes());
}

/// One matrix product for neighbours that go on with the same rows.
void CircuitForward::feed_forward_all(std::vector<Slot>& slots, int layer) {
  for (std::size_t s = 0; s < slots.size();) {
    if (layer < slots[s].start) {
      ++s;
      continue;
    }
    std::size_t end = s + 1;
    while (end < slots.size() && layer >= slots[end].start &&
           slots[end].last_only == slots[s].last_only)
      ++end;
    Matrix x = slots[s].last_only ? slots[s].last : slots[s].all;
    x.rows *= static_cast<std::int64_t>(end - s);
    feed_forward(model_, layer, x, scratch_);
    s = end;
  }
}

std::vector<double> CircuitForward::logit_differences(const Slot& slot) {
  assert(slot.last_only);
  const Matrix normalized =
      as_spaced_matrix(scratch_.normalized, slot.last.rows, slot.last.columns);
  const auto dots = allocate<double>(backend_, slot.last.rows);
  // The final layer norm's scale is in the directions.
  backend_.layer_norm(slot.last, {}, model_.config().layer_norm_epsilon, normalized);
  backend_.row_dots(normalized, as_matrix(directions_, slot.last.rows, slot.last.columns),
                    dots.data());
  std::vector<double> result = to_host(backend_, dots.data(), slot.last.rows);
  for (std::size_t b = 0; b < result.size(); ++b) result[b] += direction_bias_[b];
  return result;
}

}  // namespace headsweep
