// How much of a device's memory a model and the circuits of a family take: known before anything is
// allocated, so that a device can be refused, or fewer circuits be put side by side.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "kernels/backend.h"
#include "model/ablation.h"
#include "model/config.h"
#include "model/prompt_batch.h"

namespace headsweep {

/// What of a backend decides how much memory a model takes on it, in plain numbers.
struct BackendMemory {
  Element element = Element::float32;
  std::string weight_form;                  // rungs of one form share the packed weights
  std::int64_t layer_bytes = 0;             // a layer's packed weights
  std::int64_t attention_output_bytes = 0;  // those of its attention_output
  std::int64_t packed_heads_bytes = 0;      // of as many heads as are packed at most
  int long_rows = 0;                        // see DeviceInfo
  std::int64_t long_rows_bytes = 0;
};
BackendMemory backend_memory(const ModelConfig& config, Backend& backend);

/// What is run at one time.
struct AtOnce {
  int circuits = 1;  // of the same prompts
  int prompts = every_prompt;

  bool operator==(const AtOnce&) const = default;
};
constexpr AtOnce no_limit = {std::numeric_limits<int>::max(), every_prompt};

/// What of a family decides it. A family that is run in parts: what its largest part has.
struct FamilyShape {
  std::int64_t clean_rows = 0, prompts = 0;
  std::int64_t fill_rows = 0;
  std::int64_t corrupted_rows = 0;    // that are run: none for zero ablation
  int longest = 0;                    // rows of a prompt that is run
  bool mlp_fills = false;             // MLPs take part
  std::int64_t masked_fill_rows = 0;  // of the corrupted prompts among themselves, if circuits have
                                      // their own means of MLP outputs
  int parts = 1;
  bool shared_fills = true;  // by the parts: not what corrupted partners put out
};
FamilyShape family_shape(const PromptBatch& clean, const PromptBatch& corrupted,
                         const AblationRule& rule, int most_prompts = every_prompt);

/// In bytes. Of the backend's own memory only what long prompts take is in it; the rest (streams,
/// the libraries' workspaces) is small.
struct MemoryNeed {
  std::int64_t weights = 0;  // of the Model of each rung
  std::int64_t family = 0;   // of the CircuitForward of each rung, its caches full
  std::int64_t passing = 0;  // above that while a family's fills, or heads' constants, are computed
  std::int64_t workspace = 0;  // of attention over long prompts; all rungs share it

  std::int64_t peak() const { return weights + family + passing + workspace; }
};

/// With so many circuits side by side on each of the rungs.
MemoryNeed memory_need(const ModelConfig& config, std::span<const BackendMemory> rungs,
                       const FamilyShape& family, int most_circuits);

/// How many circuits, most_circuits at most, can be put side by side in so many bytes; 0: not even
/// one.
int circuits_that_fit(const ModelConfig& config, std::span<const BackendMemory> rungs,
                      const FamilyShape& family, int most_circuits, std::int64_t bytes);

/// A family's prompts all at once, with as many circuits side by side as fit; else one circuit on
/// as many prompts as fit, in parts of about the same size. 0 circuits: not even one prompt fits.
AtOnce what_fits(const ModelConfig& config, std::span<const BackendMemory> rungs,
                 const PromptBatch& clean, const PromptBatch& corrupted, const AblationRule& rule,
                 int most_circuits, std::int64_t bytes);

/// What CircuitForward remembers at most, in bytes; a single thing larger than that is remembered
/// nevertheless.
struct CacheLimits {
  std::int64_t prefixes = 0, shared_heads = 0, packed_heads = 0;
};
CacheLimits cache_limits(const ModelConfig& config, Element element, std::int64_t clean_rows,
                         int parts, std::int64_t attention_output_bytes);

/// Likewise MaskedMlpMeans.
std::int64_t masked_means_limit(const ModelConfig& config, Element element,
                                std::int64_t corrupted_rows, std::int64_t fill_rows);

/// So many packed heads of a layer, and their numbers.
std::int64_t packed_heads_bytes(const ModelConfig& config, Backend& backend, int heads,
                                Queries queries);

/// What a layer's ablated heads add in each fill row.
std::int64_t constant_bytes(const ModelConfig& config, Element element, std::int64_t fill_rows);

}  // namespace headsweep
