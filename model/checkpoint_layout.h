// Where a checkpoint in Hugging Face form has a model's tensors, and how they lie there, for each
// kind of model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"

namespace headsweep {

/// A layer's tensors by what they are for. Matrices are (inputs, outputs) to those who read them.
enum class LayerTensor {
  attention_scale,        // (d_model), of the layer norm before attention
  attention_shift,        // (d_model)
  attention_input,        // (d_model, 3 * d_model): queries, keys, values, each of all heads
  attention_input_bias,   // (3 * d_model)
  attention_output,       // (d_model, d_model)
  attention_output_bias,  // (d_model)
  mlp_scale,              // (d_model), of the layer norm before the MLP
  mlp_shift,              // (d_model)
  mlp_input,              // (d_model, d_mlp)
  mlp_input_bias,         // (d_mlp)
  mlp_output,             // (d_mlp, d_model)
  mlp_output_bias,        // (d_model)
};
constexpr int layer_tensors = 12;

/// The tensors that are there once.
enum class ModelTensor {
  embedding,           // (vocabulary, d_model)
  final_scale,         // (d_model), of the last layer norm
  final_shift,         // (d_model)
  position_embedding,  // (positions, d_model); not where positions are rotary
  unembedding,         // (vocabulary, d_model); GPT-2's is the embedding
};

class CheckpointLayout {
 public:
  explicit CheckpointLayout(const ModelConfig& config) : config_(config) {}

  /// What a checkpoint may put before the names of all tensors but the unembedding's.
  std::vector<std::string> prefixes() const;

  /// Names without the prefix.
  std::string name(ModelTensor tensor) const;
  std::string name(int layer, LayerTensor tensor) const;
  std::vector<ModelTensor> model_tensors() const;  // which the kind has of its own

  /// As they are stored.
  std::vector<std::int64_t> shape(ModelTensor tensor) const;
  std::vector<std::int64_t> shape(LayerTensor tensor) const;

  /// Whether a matrix is stored as (outputs, inputs).
  bool is_transposed() const { return config_.kind == ModelKind::gpt_neox; }
  /// Where an output of a matrix, or its bias, is stored: GPT-NeoX has each head's queries, keys
  /// and values together.
  std::int64_t stored_output(LayerTensor tensor, std::int64_t output) const;

  /// What checkpoints carry along that is known beforehand: causal masks, rotary frequencies.
  bool is_buffer(const std::string& name) const;

 private:
  ModelConfig config_;
};

}  // namespace headsweep
