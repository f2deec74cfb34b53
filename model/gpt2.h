// A GPT-2 on a device: the packed weights of every layer, and what is read from the checkpoint on
// demand.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backend.h"
#include "model/folded_weights.h"

namespace headsweep {

struct LayerWeights {
  Weight attention_input;   // (d_model, 3 * d_model), queries, keys, values of all heads
  Weight attention_output;  // (d_model, d_model), with the layer's bias
  Weight mlp_input;         // (d_model, d_mlp)
  Weight mlp_output;        // (d_mlp, d_model)
};

/// The weights of some of a layer's heads.
struct HeadWeights {
  Weight
      queries_keys_values;  // (d_model, 3 * heads * d_head); or, where only the last positions ask:
  Weight queries;           // (d_model, heads * d_head)
  Weight keys_values;       // (d_model, 2 * heads * d_head)
  Weight output;            // (heads * d_head, d_model), without a bias
};

/// Whether this process is to pack a block of weights, or has it from one that did.
enum class WeightBlock { to_be_packed, packed_already };

/// What the packed weights of all layers take, one after the other in the order of LayerWeights.
std::int64_t packed_bytes(const Gpt2Config& config, Backend& backend);

class Gpt2 {
 public:
  /// Reads, checks and packs. UserError for a folder that holds no usable GPT-2.
  Gpt2(const std::filesystem::path& folder, Backend& backend);

  /// With the weights of all layers in `block`: packed_bytes() of the device's memory, aligned to
  /// 64 bytes, which processes of one machine may share. Who packs also discards what no process
  /// reads again of the checkpoint.
  Gpt2(StoredWeights stored, Backend& backend, const std::shared_ptr<void>& block,
       WeightBlock state);

  const Gpt2Config& config() const { return config_; }
  Backend& backend() const { return backend_; }
  const StoredWeights& stored() const { return stored_; }

  const LayerWeights& layer(int layer) const { return layers_[static_cast<std::size_t>(layer)]; }
  std::int64_t weight_bytes() const;  // of all layers' packed weights
  HeadWeights pack_heads(int layer, std::span<const int> heads, Queries queries) const;

  /// Token embedding plus position embedding, (tokens, d_model), on the device; each sequence
  /// begins at position 0.
  Array<float> embed(std::span<const std::vector<int>> sequences) const;

  FoldedWeights::Direction unembedding(int token) const { return folded_.unembedding(token); }

 private:
  Gpt2(StoredWeights stored, Backend& backend);
  void pack_layers(std::byte* memory);
  void take_layers(const std::shared_ptr<void>& block);
  Weight pack(const HostWeight& weight) const;

  Gpt2Config config_;
  Backend& backend_;
  StoredWeights stored_;
  FoldedWeights folded_;
  std::vector<LayerWeights> layers_;
  std::vector<float> position_embedding_;  // (positions, d_model)
};

}  // namespace headsweep
