// The shape of a GPT-2 model, as its config.json gives it.
#pragma once

#include <filesystem>

namespace headsweep {

struct ModelConfig {
  int layers = 0, heads = 0, d_model = 0, d_mlp = 0, positions = 0, vocabulary = 0;
  double layer_norm_epsilon = 1e-5;

  int d_head() const { return d_model / heads; }
};

/// Reads config.json of a checkpoint folder. UserError (file, key) for a missing or impossible
/// value, and for every option under which the model would compute something else than GPT-2 does:
/// another model_type or activation_function, scale_attn_by_inverse_layer_idx, scale_attn_weights:
/// false, add_cross_attention, tie_word_embeddings: false.
ModelConfig read_config(const std::filesystem::path& folder);

}  // namespace headsweep
