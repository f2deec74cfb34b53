#include "model/memory_need.h"

#include <algorithm>
#include <map>
#include <set>

#include "model/circuit_plan.h"
#include "model/layer.h"

namespace headsweep {
namespace {

constexpr std::int64_t int_bytes = sizeof(int);

/// What one rung takes: all the time, and while it scores.
struct RungNeed {
  std::int64_t kept = 0, working = 0, passing = 0;
};

/// What laid out prompts take more in a rotary model.
std::int64_t position_ints(const ModelConfig& config, std::int64_t rows, std::int64_t prompts) {
  return config.is_rotary() ? rows + prompts : 0;
}

/// The buffers whose size goes with the number of circuits side by side.
std::int64_t buffer_bytes(const ModelConfig& config, Element element, const FamilyShape& family,
                          std::int64_t most_circuits) {
  const std::int64_t d = config.d_model, rows = most_circuits * family.clean_rows,
                     prompts = most_circuits * family.prompts;
  const std::int64_t numbers = scratch_numbers(config, rows)  //
                               + rows * d + prompts * d       // residual streams
                               + rows * (d + row_gap)         // heads
                               + prompts * d;                 // directions
  const std::int64_t before = config.is_parallel() ? (rows + prompts) * d : 0;
  const std::int64_t masks = rows * config.layers * config.heads;
  const std::int64_t every_row = family.mlp_fills || config.is_parallel() ? rows : 0;
  const std::int64_t ints =
      2 * prompts + 1 + 2 * rows + 2 * prompts + every_row + position_ints(config, rows, prompts);
  const std::int64_t of_mlps = family.mlp_fills ? rows + prompts : 0;
  const std::int64_t dots = prompts * static_cast<std::int64_t>(sizeof(double));
  return (numbers + before) * bytes_of(element) + masks + ints * int_bytes + of_mlps + dots;
}

/// What a limit allows of things of one size.
std::int64_t full(std::int64_t limit, std::int64_t each) {
  return each * std::max(limit / each, std::int64_t{1});
}

/// What a run on the corrupted prompts holds meanwhile: residual stream, outputs, scratch, and what
/// a parallel layer's MLP reads. A prompt has a row at least.
std::int64_t run_bytes(const ModelConfig& config, Element element, std::int64_t corrupted_rows) {
  const std::int64_t streams = config.is_parallel() ? 3 : 2,
                     ints = position_ints(config, corrupted_rows, corrupted_rows) +
                            (config.is_parallel() ? corrupted_rows : 0);
  return (streams * corrupted_rows * config.d_model + scratch_numbers(config, corrupted_rows)) *
             bytes_of(element) +
         ints * int_bytes;
}

/// What MaskedMlpMeans keeps: the corrupted prompts' own fills, and its cache, full.
std::int64_t masked_means_kept(const ModelConfig& config, Element element,
                               const FamilyShape& family) {
  if (family.masked_fill_rows == 0) return 0;
  return config.layers * family.masked_fill_rows * config.d_model * bytes_of(element) +
         masked_means_limit(config, element, family.parts > 1 ? 0 : family.corrupted_rows,
                            family.fill_rows);
}

/// What it runs with, and the means that circuits under way hold on to.
std::int64_t masked_means_running(const ModelConfig& config, Element element,
                                  const FamilyShape& family, std::int64_t most_circuits) {
  if (family.masked_fill_rows == 0) return 0;
  const std::int64_t d = config.d_model, number = bytes_of(element), rows = family.corrupted_rows;
  const std::int64_t of_layer = (rows + family.fill_rows) * d * number;
  return run_bytes(config, element, rows) + rows * config.heads + 4 * rows * int_bytes + of_layer +
         most_circuits * config.layers * family.fill_rows * d * number;
}

RungNeed rung_need(const ModelConfig& config, const BackendMemory& rung, const FamilyShape& family,
                   std::int64_t most_circuits) {
  const std::int64_t d = config.d_model, number = bytes_of(rung.element);
  const std::int64_t stream = family.clean_rows * d * number,
                     fills = (family.mlp_fills && family.masked_fill_rows == 0 ? 2 : 1) *
                             config.layers * family.fill_rows * d * number;
  const std::int64_t constant = constant_bytes(config, rung.element, family.fill_rows);
  const CacheLimits limits = cache_limits(config, rung.element, family.clean_rows, family.parts,
                                          rung.attention_output_bytes);
  const std::int64_t caches = full(limits.prefixes, stream) + full(limits.shared_heads, stream) +
                              std::max(limits.packed_heads, rung.packed_heads_bytes + constant);
  RungNeed need;
  need.kept = masked_means_kept(config, rung.element, family) + (family.shared_fills ? fills : 0);
  need.working = buffer_bytes(config, rung.element, family, most_circuits) + stream +
                 config.heads * int_bytes + caches +
                 masked_means_running(config, rung.element, family, most_circuits) +
                 (family.shared_fills ? 0 : fills);
  // The corrupted run has its residual stream, heads and scratch.
  const std::int64_t corrupted = family.corrupted_rows;
  const std::int64_t filling = fills + run_bytes(config, rung.element, corrupted) +
                               (2 * (most_circuits * family.prompts + corrupted) + 2) * int_bytes;
  // A constant is made of the chosen fills, a mask of them, and a row of zeros.
  const std::int64_t choosing =
      constant + family.fill_rows * (config.heads + int_bytes) + d * number;
  need.passing = std::max(filling - need.kept - need.working, choosing);
  return need;
}

}  // namespace

BackendMemory backend_memory(const ModelConfig& config, Backend& backend) {
  const int heads = most_packed_heads(config.heads);
  const DeviceInfo info = backend.info();
  return {backend.element(),
          info.weight_form,
          packed_bytes(config, backend) / config.layers,
          backend.packed_bytes(config.d_model, config.d_model),
          std::max(packed_heads_bytes(config, backend, heads, Queries::every_position),
                   packed_heads_bytes(config, backend, heads, Queries::last_position)),
          info.long_rows,
          info.long_rows_bytes};
}

namespace {

/// Of mean ablation: one for each template and position.
std::int64_t mean_rows(const PromptBatch& clean) {
  std::map<int, std::int64_t> longest;  // by template
  for (std::size_t b = 0; b < clean.tokens.size(); ++b) {
    std::int64_t& positions = longest[clean.templates[b]];
    positions = std::max(positions, std::ssize(clean.tokens[b]));
  }
  std::int64_t rows = 0;
  for (const auto& [number, positions] : longest) rows += positions;
  return rows;
}

}  // namespace

namespace {

/// Rows of the part that has most.
std::int64_t most_rows(const PromptBatch& batch, int most_prompts) {
  std::int64_t most = 0, rows = 0;
  for (std::size_t b = 0; b < batch.tokens.size(); ++b) {
    if (b % static_cast<std::size_t>(most_prompts) == 0) rows = 0;
    rows += std::ssize(batch.tokens[b]);
    most = std::max(most, rows);
  }
  return most;
}

}  // namespace

FamilyShape family_shape(const PromptBatch& clean, const PromptBatch& corrupted,
                         const AblationRule& rule, int most_prompts) {
  FamilyShape shape{most_rows(clean, most_prompts), std::min(clean.prompts(), most_prompts), 1, 0};
  shape.longest = clean.longest();
  shape.mlp_fills = mlps_take_part(rule.components);
  int prompts = clean.prompts();
  if (rule.kind != Ablation::zero) {
    prompts = std::max(prompts, corrupted.prompts());
    shape.longest = std::max(shape.longest, corrupted.longest());
    shape.fill_rows = shape.corrupted_rows = most_rows(corrupted, most_prompts);
  }
  if (rule.kind == Ablation::mean) shape.fill_rows = mean_rows(clean);
  if (rule.has_masked_means()) shape.masked_fill_rows = mean_rows(corrupted);
  shape.parts = prompts / most_prompts + (prompts % most_prompts == 0 ? 0 : 1);
  shape.shared_fills = rule.kind != Ablation::resample;
  return shape;
}

MemoryNeed memory_need(const ModelConfig& config, std::span<const BackendMemory> rungs,
                       const FamilyShape& family, int most_circuits) {
  MemoryNeed need;
  std::int64_t working = 0;
  std::set<std::string> packed;
  for (const BackendMemory& rung : rungs) {
    if (packed.insert(rung.weight_form).second) need.weights += config.layers * rung.layer_bytes;
    // The scales of the layer norms, and the table of rotations.
    need.weights +=
        (2 * config.layers * config.d_model + config.rotation_numbers()) * bytes_of(rung.element);
    const RungNeed of_rung = rung_need(config, rung, family, most_circuits);
    // Parts come and go: one rung's is there at a time.
    need.family += of_rung.kept + (family.parts > 1 ? 0 : of_rung.working);
    working = std::max(working, of_rung.working);
    need.passing = std::max(need.passing, of_rung.passing);
    if (rung.long_rows > 0 && family.longest >= rung.long_rows)
      need.workspace = std::max(need.workspace, rung.long_rows_bytes);
  }
  if (family.parts > 1) need.family += working;
  return need;
}

int circuits_that_fit(const ModelConfig& config, std::span<const BackendMemory> rungs,
                      const FamilyShape& family, int most_circuits, std::int64_t bytes) {
  int fitting = most_circuits;
  while (fitting > 0 && memory_need(config, rungs, family, fitting).peak() > bytes) --fitting;
  return fitting;
}

AtOnce what_fits(const ModelConfig& config, std::span<const BackendMemory> rungs,
                 const PromptBatch& clean, const PromptBatch& corrupted, const AblationRule& rule,
                 int most_circuits, std::int64_t bytes) {
  const int circuits =
      circuits_that_fit(config, rungs, family_shape(clean, corrupted, rule), most_circuits, bytes);
  if (circuits > 0) return {circuits, every_prompt};
  const auto fits = [&](int prompts) {
    return circuits_that_fit(config, rungs, family_shape(clean, corrupted, rule, prompts), 1,
                             bytes) > 0;
  };
  if (!fits(1)) return {0, 1};
  const int all = std::max(clean.prompts(), corrupted.prompts());
  int fitting = 1;
  for (int too_many = all; too_many - fitting > 1;) {
    const int between = fitting + (too_many - fitting) / 2;
    (fits(between) ? fitting : too_many) = between;
  }
  const int parts = (all + fitting - 1) / fitting;
  return {1, (all + parts - 1) / parts};
}

CacheLimits cache_limits(const ModelConfig& config, Element element, std::int64_t clean_rows,
                         int parts, std::int64_t attention_output_bytes) {
  // A search parts at each layer once; several times that for what is evaluated beside it. The
  // bytes are enough for every layer's residual stream of a family of some hundred prompts.
  constexpr std::int64_t prefixes_of_a_layer = 4, most_prefix_bytes = std::int64_t{512} << 20;
  const std::int64_t stream = clean_rows * config.d_model * bytes_of(element);
  CacheLimits limits;
  limits.prefixes = std::min(prefixes_of_a_layer * config.layers * stream, most_prefix_bytes);
  // One part forgets all when the next one's turn comes: but for what a few circuits in a row share
  // there is nothing to remember.
  if (parts > 1) limits.prefixes = stream;
  // A search that walks through the layers needs the heads of one layer at a time; a second serves
  // the change of layer.
  limits.shared_heads = 2 * stream;
  // A quarter of what the layers' attention weights take together.
  limits.packed_heads = config.layers * attention_output_bytes;
  return limits;
}

std::int64_t masked_means_limit(const ModelConfig& config, Element element,
                                std::int64_t corrupted_rows, std::int64_t fill_rows) {
  // As for prefixes: a circuit has something to remember in each layer.
  constexpr std::int64_t circuits = 4, most_bytes = std::int64_t{512} << 20;
  const std::int64_t of_layer = (corrupted_rows + fill_rows) * config.d_model * bytes_of(element);
  return std::min(circuits * config.layers * of_layer, most_bytes);
}

std::int64_t packed_heads_bytes(const ModelConfig& config, Backend& backend, int heads,
                                Queries queries) {
  if (heads == 0) return 0;
  const std::int64_t d = config.d_model, width = std::int64_t{heads} * config.d_head();
  const std::int64_t input =
      queries == Queries::every_position
          ? backend.packed_bytes(d, 3 * width)
          : backend.packed_bytes(d, width) + backend.packed_bytes(d, 2 * width);
  return input + backend.packed_bytes(width, d) + heads * int_bytes;
}

std::int64_t constant_bytes(const ModelConfig& config, Element element, std::int64_t fill_rows) {
  return fill_rows * config.d_model * bytes_of(element);
}

}  // namespace headsweep
