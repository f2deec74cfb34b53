#include "model/config.h"

#include <cmath>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/json_file.h"

namespace headsweep {
namespace {

constexpr int most_layers = 1024, most_heads = 1024, most_d_model = 1 << 16, most_d_mlp = 1 << 20,
              most_positions = 1 << 20, most_vocabulary = 1 << 24;

[[noreturn]] void fail(const JsonFile& file, const std::string& problem) {
  throw UserError(fmt::format("{}: {}", file.path().string(), problem));
}

int in_range(const JsonFile& file, const std::string& key, std::int64_t value, int most) {
  if (value < 1 || value > most)
    fail(file, fmt::format("{}: {} is not possible; 1 to {} are supported", key, value, most));
  return static_cast<int>(value);
}

int required(const JsonFile& file, const std::string& key, int most) {
  const auto value = file.integer(key);
  if (!value)
    fail(file, fmt::format("{}: missing; give the model's value, a whole number from 1 to {}", key,
                           most));
  return in_range(file, key, *value, most);
}

double positive(const JsonFile& file, const std::string& key, double usual) {
  const double value = file.number(key).value_or(usual);
  if (!std::isfinite(value) || value <= 0)
    fail(file, fmt::format("{}: {} is not possible; it must be greater than 0, usual is {}", key,
                           value, usual));
  return value;
}

void require_flag(const JsonFile& file, const std::string& key, bool supported, ModelKind kind) {
  if (file.flag(key).value_or(supported) != supported)
    fail(file, fmt::format("{}: {} is not supported, only {}: the model would not be what "
                           "headsweep computes for {}; use a checkpoint that was trained with {}",
                           key, !supported, supported, name_of(kind), supported));
}

ModelKind read_kind(const JsonFile& file) {
  const std::string type = file.text("model_type").value_or("gpt2");
  for (const ModelKind kind : {ModelKind::gpt2, ModelKind::gpt_neox})
    if (type == name_of(kind)) return kind;
  fail(file, fmt::format("model_type: '{}' is not supported, only 'gpt2' and 'gpt_neox' (Pythia); "
                         "use a checkpoint of one of them",
                         type));
}

Activation read_activation(const JsonFile& file, const std::string& key, Activation usual) {
  const auto name = file.text(key);
  if (!name) return usual;
  if (*name == "gelu") return Activation::gelu;
  if (*name == "gelu_new" || *name == "gelu_fast" || *name == "gelu_pytorch_tanh")
    return Activation::gelu_tanh;
  fail(file, fmt::format("{}: '{}' is not supported, only 'gelu', 'gelu_new', and 'gelu_fast' and "
                         "'gelu_pytorch_tanh', which are the same as 'gelu_new'; use a checkpoint "
                         "that was trained with one of them",
                         key, *name));
}

int read_d_mlp(const JsonFile& file, const std::string& key, int d_model) {
  const auto value = file.integer(key);
  return value ? in_range(file, key, *value, most_d_mlp) : 4 * d_model;
}

void check_heads(const JsonFile& file, const ModelConfig& config, const char* d_model,
                 const char* heads) {
  if (config.d_model % config.heads != 0)
    fail(file, fmt::format("{0}: {1} cannot be divided among {2}: {3} heads; {0} must be a "
                           "multiple of {2}",
                           d_model, config.d_model, heads, config.heads));
}

/// Older files give the number of positions only as n_ctx.
int read_gpt2_positions(const JsonFile& file) {
  const char* key = key_of_positions(ModelKind::gpt2);
  if (!file.integer(key))
    if (const auto context = file.integer("n_ctx"))
      return in_range(file, "n_ctx", *context, most_positions);
  return required(file, key, most_positions);
}

ModelConfig read_gpt2(const JsonFile& file) {
  require_flag(file, "scale_attn_weights", true, ModelKind::gpt2);
  require_flag(file, "scale_attn_by_inverse_layer_idx", false, ModelKind::gpt2);
  require_flag(file, "add_cross_attention", false, ModelKind::gpt2);
  require_flag(file, "tie_word_embeddings", true, ModelKind::gpt2);
  ModelConfig config;
  config.layers = required(file, "n_layer", most_layers);
  config.heads = required(file, "n_head", most_heads);
  config.d_model = required(file, "n_embd", most_d_model);
  config.d_mlp = read_d_mlp(file, "n_inner", config.d_model);
  config.positions = read_gpt2_positions(file);
  config.vocabulary = required(file, "vocab_size", most_vocabulary);
  config.layer_norm_epsilon = positive(file, "layer_norm_epsilon", 1e-5);
  config.activation = read_activation(file, "activation_function", Activation::gelu_tanh);
  check_heads(file, config, "n_embd", "n_head");
  return config;
}

/// So many columns of each head, a share of them; two make a pair.
int read_rotary_columns(const JsonFile& file, int d_head) {
  constexpr double usual = 0.25;
  const double share = file.number("rotary_pct").value_or(usual);
  const auto columns = static_cast<int>(share * d_head);
  if (!(share > 0 && share <= 1) || columns < 2 || columns % 2 != 0)
    fail(file, fmt::format("rotary_pct: {} of a head's {} columns is not possible: columns are "
                           "turned in pairs, two at least; give the model's share, usual is {}",
                           share, d_head, usual));
  return columns;
}

void require_neox(const JsonFile& file) {
  require_flag(file, "attention_bias", true, ModelKind::gpt_neox);
  require_flag(file, "tie_word_embeddings", false, ModelKind::gpt_neox);
  for (const char* key : {"rope_scaling", "rope_parameters"})
    if (file.has(key))
      fail(file, fmt::format("{}: is not supported; where it only says what the model was trained "
                             "with, say that by rotary_pct and rotary_emb_base and remove it",
                             key));
}

ModelConfig read_neox(const JsonFile& file) {
  require_neox(file);
  ModelConfig config;
  config.kind = ModelKind::gpt_neox;
  config.layers = required(file, "num_hidden_layers", most_layers);
  config.heads = required(file, "num_attention_heads", most_heads);
  config.d_model = required(file, "hidden_size", most_d_model);
  config.d_mlp = read_d_mlp(file, "intermediate_size", config.d_model);
  config.positions = required(file, key_of_positions(config.kind), most_positions);
  config.vocabulary = required(file, "vocab_size", most_vocabulary);
  config.layer_norm_epsilon = positive(file, "layer_norm_eps", 1e-5);
  config.activation = read_activation(file, "hidden_act", Activation::gelu);
  config.form = file.flag("use_parallel_residual").value_or(true) ? LayerForm::parallel
                                                                  : LayerForm::sequential;
  check_heads(file, config, "hidden_size", "num_attention_heads");
  config.rotary_columns = read_rotary_columns(file, config.d_head());
  config.rotary_base = positive(file, "rotary_emb_base", config.rotary_base);
  return config;
}

}  // namespace

const char* name_of(ModelKind kind) { return kind == ModelKind::gpt2 ? "gpt2" : "gpt_neox"; }

const char* key_of_positions(ModelKind kind) {
  return kind == ModelKind::gpt2 ? "n_positions" : "max_position_embeddings";
}

ModelConfig read_config(const std::filesystem::path& folder) {
  const JsonFile file(folder / "config.json");
  return read_kind(file) == ModelKind::gpt2 ? read_gpt2(file) : read_neox(file);
}

}  // namespace headsweep
