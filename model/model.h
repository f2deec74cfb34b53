// A model on a device: the packed weights of every layer, and what is read from the checkpoint on
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
  Numbers attention_scale;  // (d_model), of the layer norm before attention_input
  Weight attention_input;   // (d_model, 3 * d_model), queries, keys, values of all heads
  Weight attention_output;  // (d_model, d_model), with the layer's bias
  Numbers mlp_scale;        // (d_model), of the layer norm before mlp_input
  Weight mlp_input;         // (d_model, d_mlp)
  Weight mlp_output;        // (d_mlp, d_model)
};

/// The weights of some of a layer's heads.
struct HeadWeights {
  Weight queries_keys_values;  // (d_model, 3 * heads * d_head)
  // Or, where only the last positions ask:
  Weight queries;      // (d_model, heads * d_head)
  Weight keys_values;  // (d_model, 2 * heads * d_head)
  Weight output;       // (heads * d_head, d_model), without a bias
};

/// What is to be done with a block of weights.
enum class WeightBlock {
  to_be_packed,
  last_to_be_packed,  // and what nobody reads after that is discarded from a checkpoint in memory
                      // that processes share
  packed_already,     // by another process, or for another precision
};

/// What the packed weights of all layers take, one after the other: for each layer attention_input,
/// attention_output, mlp_input, mlp_output.
std::int64_t packed_bytes(const ModelConfig& config, Backend& backend);

class Model {
 public:
  /// Reads, checks and packs. UserError for a folder that holds no usable model.
  Model(const std::filesystem::path& folder, Backend& backend);

  /// With the weights of all layers in `block`: packed_bytes() of the device's memory, aligned to
  /// 64 bytes (nullptr: memory of its own). Processes of one machine may share it, and precisions
  /// whose backends have one weight form: the second takes the first's `stored` and
  /// weight_block().
  Model(std::shared_ptr<StoredWeights> stored, Backend& backend, std::shared_ptr<void> block,
        WeightBlock state);

  const ModelConfig& config() const { return config_; }
  Backend& backend() const { return backend_; }
  const StoredWeights& stored() const { return *stored_; }
  const std::shared_ptr<void>& weight_block() const { return block_; }

  const LayerWeights& layer(int layer) const { return layers_[static_cast<std::size_t>(layer)]; }
  std::int64_t weight_bytes() const;  // of all layers' packed weights
  HeadWeights pack_heads(int layer, std::span<const int> heads, Queries queries) const;

  /// Token embedding plus, if the model is not rotary, position embedding: (tokens, d_model), on
  /// the device; each sequence begins at position 0.
  Numbers embed(std::span<const std::vector<int>> sequences) const;

  /// Of a rotary model: (positions, rotary_columns), for Backend::rotate().
  Matrix rotation() const {
    return as_matrix(rotation_, config_.positions, config_.rotary_columns);
  }

  FoldedWeights::Direction unembedding(int token) const { return folded_.unembedding(token); }

 private:
  void pack_layers(WeightBlock state);
  void take_layers();
  Weight pack(const HostWeight& weight) const;
  HeadWeights parts_of_heads(int layer, std::span<const int> heads, Queries queries) const;
  HeadWeights pack_heads_from_host(int layer, std::span<const int> heads, Queries queries) const;

  ModelConfig config_;
  Backend& backend_;
  std::shared_ptr<StoredWeights> stored_;
  FoldedWeights folded_;
  std::shared_ptr<void> block_;
  std::vector<LayerWeights> layers_;
  std::vector<float> position_embedding_;  // (positions, d_model); empty: the model is rotary
  Numbers rotation_;                       // (positions, rotary_columns), if it is
};

}  // namespace headsweep
