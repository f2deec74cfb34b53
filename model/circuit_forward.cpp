#include "model/circuit_forward.h"

#include <algorithm>
#include <cassert>
#include <optional>

#include "model/neighbours.h"
#include "model/numbers_below.h"
#include "model/numbers_writer.h"

namespace headsweep {
namespace {

template <class T>
std::vector<T> repeated(const std::vector<T>& once, int times) {
  std::vector<T> result;
  for (int i = 0; i < times; ++i) result.insert(result.end(), once.begin(), once.end());
  return result;
}

CacheLimits limits_of(const Model& model, std::int64_t clean_rows, int parts) {
  return cache_limits(model.config(), model.backend().element(), clean_rows, parts,
                      model.layer(0).attention_output.bytes);
}

FamilyPart whole_family(const Model& model, const PromptBatch& clean, const PromptBatch& corrupted,
                        const AblationRule& rule) {
  const auto kept =
      std::make_shared<const KeptRows>(find_kept_rows(clean, corrupted, rule.positions));
  FamilyPart whole{1, kept, kept, compute_fills(model, clean, corrupted, rule)};
  if (rule.has_masked_means())
    whole.masked_means =
        std::make_shared<MaskedMlpMeans>(model, clean, corrupted, rule.positions, every_prompt);
  return whole;
}

}  // namespace

CircuitForward::CircuitForward(const Model& model, const PromptBatch& clean,
                               const PromptBatch& corrupted, const AblationRule& rule,
                               int most_circuits)
    : CircuitForward(model, clean, rule, whole_family(model, clean, corrupted, rule),
                     most_circuits) {}

CircuitForward::CircuitForward(const Model& model, const PromptBatch& clean,
                               const AblationRule& rule, FamilyPart part, int most_circuits)
    : model_(model),
      backend_(model.backend()),
      rule_(rule),
      most_circuits_(most_circuits),
      rows_(clean.all_tokens()),
      prompts_(clean.prompts()),
      sequences_(lay_out(model, repeated(clean.tokens, most_circuits))),
      part_(std::move(part)),
      limits_(limits_of(model, rows_, part_.parts)),
      all_rows_(make_rows(numbers_below(rows_))),
      last_rows_(
          make_rows({sequences_.last_rows.begin(), sequences_.last_rows.begin() + prompts_})),
      every_head_(to_device(backend_, std::span<const int>(numbers_below(model.config().heads)))),
      embedding_(model.embed(clean.tokens)),
      scratch_(make_scratch(model, rows_ * most_circuits)),
      prefixes_(limits_.prefixes),
      shared_heads_(limits_.shared_heads),
      packed_(limits_.packed_heads) {
  const std::int64_t d = model.config().d_model, most = most_circuits;
  residual_ = allocate_streams();
  if (model.config().is_parallel()) before_ = allocate_streams();
  heads_ = allocate_numbers(backend_, most * rows_ * (d + row_gap));
  masks_ =
      allocate<std::uint8_t>(backend_, most * rows_ * model.config().layers * model.config().heads);
  dots_ = allocate<double>(backend_, most * prompts_);
  if (mlps_take_part(rule.components) || model.config().is_parallel())
    every_row_ = to_device(backend_, std::span<const int>(numbers_below(most * rows_)));
  NumbersWriter directions(backend_, most * prompts_ * d);
  for (int circuit = 0; circuit < most_circuits; ++circuit) {
    direction_bias_.clear();
    for (std::size_t b = 0; b < clean.tokens.size(); ++b) {
      const auto answer = model.unembedding(clean.answers[b]),
                 distractor = model.unembedding(clean.distractors[b]);
      for (std::size_t i = 0; i < answer.column.size(); ++i)
        directions.add(answer.column[i] - distractor.column[i]);
      direction_bias_.push_back(answer.bias - distractor.bias);
    }
  }
  directions_ = directions.done();
}

CircuitForward::Rows CircuitForward::make_rows(std::vector<int> rows) const {
  std::vector<int> fill_row;
  std::vector<std::uint8_t> ablated;
  for (const int row : rows) {
    fill_row.push_back(part_.fills.row_of[static_cast<std::size_t>(row)]);
    ablated.push_back(part_.kept->of_any[static_cast<std::size_t>(row)] != 0 ? 0 : 1);
  }
  const auto for_each_slot = [&]<class T>(const std::vector<T>& of_one) {
    return to_device(backend_, std::span<const T>(repeated(of_one, most_circuits_)));
  };
  Rows result{{}, for_each_slot(rows), for_each_slot(fill_row), {}};
  if (mlps_take_part(rule_.components)) result.ablated = for_each_slot(ablated);
  result.rows = std::move(rows);
  return result;
}

std::vector<double> CircuitForward::run_full_model() {
  const auto& config = model_.config();
  const bool kept_everywhere =
      std::ranges::find(part_.all_kept->of_any, 0) == part_.all_kept->of_any.end();
  // The same numbers either way; as a circuit, its residual streams are remembered for those that
  // follow.
  if (kept_everywhere) {
    const Circuit everything(config.layers, config.heads, Circuit::Start::everything, 1,
                             rule_.components);
    return run({&everything, 1}).front();
  }
  std::vector<Slot> slots(1);
  slots[0].plan = plan_full_model(config.layers, config.heads);
  slots[0].source = embedding_;
  return run_slots(slots).front();
}

std::vector<std::vector<double>> CircuitForward::run(std::span<const Circuit> circuits) {
  if (circuits.empty()) return {};
  std::vector<Slot> slots;
  for (const Circuit& circuit : circuits) {
    assert(circuit.components() == rule_.components);
    Slot& slot = slots.emplace_back();
    slot.circuit = &circuit;
    slot.plan = plan_circuit(circuit, *part_.all_kept);
    slot.place = std::ssize(slots) - 1;
    find_start(slot);
    find_own_mlp_fills(slot);
  }
  // After all have been taken up: what is chosen now is not there yet.
  for (Slot& slot : slots) choose_prefixes(slot);
  auto results = run_slots(slots);
  previous_ = circuits.back();
  return results;
}

std::vector<std::vector<double>> CircuitForward::run_slots(const std::vector<Slot>& slots) {
  assert(std::ssize(slots) <= most_circuits_);
  const std::vector<Groups> groups = form_groups(slots);
  for (int layer = 0; layer < model_.config().layers; ++layer) {
    begin(slots, layer);
    remember_prefixes(slots, layer);
    turn_to_last(slots, layer);
    keep_what_mlps_read(slots, layer);
    for (const Group& group : groups[static_cast<std::size_t>(layer)]) attend(group, layer);
    feed_forward_all(slots, layer);
  }
  return logit_differences(slots);
}

CircuitForward::Streams CircuitForward::allocate_streams() {
  const std::int64_t numbers = most_circuits_ * std::int64_t{model_.config().d_model};
  return {allocate_numbers(backend_, numbers * rows_),
          allocate_numbers(backend_, numbers * prompts_)};
}

Matrix CircuitForward::all_of(Slots slots, const Streams& streams) const {
  return as_matrix(streams.all, most_circuits_ * rows_, model_.config().d_model)
      .part_of_rows(slots.front().place * rows_, std::ssize(slots) * rows_);
}

Matrix CircuitForward::last_of(Slots slots, const Streams& streams) const {
  return as_matrix(streams.last, most_circuits_ * prompts_, model_.config().d_model)
      .part_of_rows(slots.front().place * prompts_, std::ssize(slots) * prompts_);
}

Matrix CircuitForward::going_on(Slots slots, int layer, const Streams& streams) const {
  return slots.front().last_only(layer) ? last_of(slots, streams) : all_of(slots, streams);
}

void CircuitForward::begin(Slots slots, int layer) {
  const auto source = [&](const Slot& slot) {
    return slot.start == layer ? std::optional(slot.source.data()) : std::nullopt;
  };
  for (const Slots run : runs_of_neighbours(slots, source))
    backend_.gather_rows(as_matrix(run.front().source, rows_, model_.config().d_model),
                         all_rows_.of_one.data(), all_of(run));
}

void CircuitForward::remember_prefixes(Slots slots, int layer) {
  for (const Slot& slot : slots)
    for (const auto& [before, copy] : slot.remembers)
      if (before == layer)
        backend_.gather_rows(all_of({&slot, 1}), all_rows_.of_one.data(),
                             as_matrix(copy, rows_, model_.config().d_model));
}

/// Keys and values of the last attending layer still come from all rows; from its queries on, the
/// last ones go on.
void CircuitForward::turn_to_last(Slots slots, int layer) {
  const auto turning = [&](const Slot& slot) {
    return slot.turning_layer() == layer ? std::optional(true) : std::nullopt;
  };
  for (const Slots run : runs_of_neighbours(slots, turning))
    backend_.gather_rows(all_of(run), sequences_.device_last_rows.data(), last_of(run));
}

std::vector<std::vector<double>> CircuitForward::logit_differences(Slots slots) {
  const Matrix last = last_of(slots);
  const Matrix normalized = as_spaced_matrix(scratch_.normalized, last.rows, last.columns);
  // The final layer norm's scale is in the directions.
  backend_.layer_norm(last, {}, model_.config().layer_norm_epsilon, normalized);
  backend_.row_dots(normalized, as_matrix(directions_, last.rows, last.columns), dots_.data());
  const std::vector<double> dots = to_host(backend_, dots_.data(), last.rows);
  std::vector<std::vector<double>> results;
  for (auto dot = dots.begin(); dot != dots.end();) {
    auto& of_slot = results.emplace_back();
    for (const double bias : direction_bias_) of_slot.push_back(*dot++ + bias);
  }
  return results;
}

}  // namespace headsweep
