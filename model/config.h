// The shape of a model, as its config.json gives it.
#pragma once

#include <cstdint>
#include <filesystem>

namespace headsweep {

/// GPT-2 (Radford et al. 2019), and GPT-NeoX (Black et al. 2022), as which Pythia is built.
enum class ModelKind { gpt2, gpt_neox };
const char* name_of(ModelKind kind);           // config.json's model_type
const char* key_of_positions(ModelKind kind);  // in config.json: how many a prompt may have

/// What a layer's MLP reads: what its attention has added to, or what its attention reads.
enum class LayerForm { sequential, parallel };

/// Both are called GELU: x times the normal distribution's cumulative function, or the tanh form.
enum class Activation { gelu, gelu_tanh };

struct ModelConfig {
  int layers = 0, heads = 0, d_model = 0, d_mlp = 0, positions = 0, vocabulary = 0;
  double layer_norm_epsilon = 1e-5;

  ModelKind kind = ModelKind::gpt2;
  LayerForm form = LayerForm::sequential;
  Activation activation = Activation::gelu_tanh;
  /// So many of each head's query and key columns are turned by position (Su et al. 2021). 0: the
  /// model adds an embedding of positions instead.
  int rotary_columns = 0;
  double rotary_base = 10000;

  int d_head() const { return d_model / heads; }
  bool operator==(const ModelConfig&) const = default;
  bool is_rotary() const { return rotary_columns > 0; }
  bool is_parallel() const { return form == LayerForm::parallel; }
  bool is_tied() const { return kind == ModelKind::gpt2; }  // the unembedding is the embedding
  /// A query's or key's angles at each position, as Backend::rotate() takes them.
  std::int64_t rotation_numbers() const { return std::int64_t{positions} * rotary_columns; }
};

/// Reads config.json of a checkpoint folder. UserError (file, key) for a missing or impossible
/// value, and for every option under which the model would compute something else than its kind
/// does here: another model_type or activation, scaled attention, cross attention, rope_scaling, a
/// tied unembedding where the kind has its own, or the other way round.
ModelConfig read_config(const std::filesystem::path& folder);

}  // namespace headsweep
