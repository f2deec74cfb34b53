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

/// Older files give the number of positions only as n_ctx.
int read_positions(const JsonFile& file) {
  if (file.integer("n_positions")) return required(file, "n_positions", most_positions);
  if (const auto context = file.integer("n_ctx"))
    return in_range(file, "n_ctx", *context, most_positions);
  return required(file, "n_positions", most_positions);
}

int read_d_mlp(const JsonFile& file, int d_model) {
  const auto value = file.integer("n_inner");
  return value ? in_range(file, "n_inner", *value, most_d_mlp) : 4 * d_model;
}

void require_flag(const JsonFile& file, const std::string& key, bool supported) {
  if (file.flag(key).value_or(supported) != supported)
    fail(file, fmt::format("{}: {} is not supported, only {}: the model would not be GPT-2's; use "
                           "a checkpoint that was trained with {}",
                           key, !supported, supported, supported));
}

void require_gpt2(const JsonFile& file) {
  const std::string type = file.text("model_type").value_or("gpt2");
  if (type != "gpt2")
    fail(file, fmt::format("model_type: '{}' is not supported, only 'gpt2'; use a GPT-2 checkpoint",
                           type));
  const std::string activation = file.text("activation_function").value_or("gelu_new");
  if (activation != "gelu_new" && activation != "gelu_pytorch_tanh")
    fail(file, fmt::format("activation_function: '{}' is not supported, only 'gelu_new' and "
                           "'gelu_pytorch_tanh', which is the same; use a checkpoint that was "
                           "trained with it",
                           activation));
  require_flag(file, "scale_attn_weights", true);
  require_flag(file, "scale_attn_by_inverse_layer_idx", false);
  require_flag(file, "add_cross_attention", false);
  require_flag(file, "tie_word_embeddings", true);
}

double read_epsilon(const JsonFile& file) {
  const double epsilon =
      file.number("layer_norm_epsilon").value_or(ModelConfig{}.layer_norm_epsilon);
  if (!std::isfinite(epsilon) || epsilon <= 0)
    fail(file, fmt::format("layer_norm_epsilon: {} is not possible; it must be greater than 0, "
                           "GPT-2 has 1e-05",
                           epsilon));
  return epsilon;
}

}  // namespace

ModelConfig read_config(const std::filesystem::path& folder) {
  const JsonFile file(folder / "config.json");
  require_gpt2(file);
  ModelConfig config;
  config.layers = required(file, "n_layer", most_layers);
  config.heads = required(file, "n_head", most_heads);
  config.d_model = required(file, "n_embd", most_d_model);
  config.d_mlp = read_d_mlp(file, config.d_model);
  config.positions = read_positions(file);
  config.vocabulary = required(file, "vocab_size", most_vocabulary);
  config.layer_norm_epsilon = read_epsilon(file);
  if (config.d_model % config.heads != 0)
    fail(file, fmt::format("n_embd: {} cannot be divided among n_head: {} heads; n_embd must be a "
                           "multiple of n_head",
                           config.d_model, config.heads));
  return config;
}

}  // namespace headsweep
