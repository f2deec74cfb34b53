#include "model/checkpoint_layout.h"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>

namespace headsweep {
namespace {

using LayerNames = std::array<const char*, layer_tensors>;  // in LayerTensor's order

constexpr LayerNames gpt2_names = {"ln_1.weight",      "ln_1.bias",          "attn.c_attn.weight",
                                   "attn.c_attn.bias", "attn.c_proj.weight", "attn.c_proj.bias",
                                   "ln_2.weight",      "ln_2.bias",          "mlp.c_fc.weight",
                                   "mlp.c_fc.bias",    "mlp.c_proj.weight",  "mlp.c_proj.bias"};

constexpr LayerNames neox_names = {
    "input_layernorm.weight",           "input_layernorm.bias",
    "attention.query_key_value.weight", "attention.query_key_value.bias",
    "attention.dense.weight",           "attention.dense.bias",
    "post_attention_layernorm.weight",  "post_attention_layernorm.bias",
    "mlp.dense_h_to_4h.weight",         "mlp.dense_h_to_4h.bias",
    "mlp.dense_4h_to_h.weight",         "mlp.dense_4h_to_h.bias"};

const char* gpt2_name(ModelTensor tensor) {
  switch (tensor) {
    case ModelTensor::embedding:
      return "wte.weight";
    case ModelTensor::final_scale:
      return "ln_f.weight";
    case ModelTensor::final_shift:
      return "ln_f.bias";
    case ModelTensor::position_embedding:
      return "wpe.weight";
    case ModelTensor::unembedding:
      break;
  }
  return "lm_head.weight";
}

const char* neox_name(ModelTensor tensor) {
  switch (tensor) {
    case ModelTensor::embedding:
      return "embed_in.weight";
    case ModelTensor::final_scale:
      return "final_layer_norm.weight";
    case ModelTensor::final_shift:
      return "final_layer_norm.bias";
    case ModelTensor::position_embedding:
    case ModelTensor::unembedding:
      break;
  }
  assert(tensor == ModelTensor::unembedding);
  return "embed_out.weight";
}

}  // namespace

std::vector<std::string> CheckpointLayout::prefixes() const {
  if (config_.kind == ModelKind::gpt2) return {"transformer.", ""};
  return {"gpt_neox."};
}

std::string CheckpointLayout::name(ModelTensor tensor) const {
  return config_.kind == ModelKind::gpt2 ? gpt2_name(tensor) : neox_name(tensor);
}

std::string CheckpointLayout::name(int layer, LayerTensor tensor) const {
  const auto index = static_cast<std::size_t>(tensor);
  if (config_.kind == ModelKind::gpt2) return fmt::format("h.{}.{}", layer, gpt2_names[index]);
  return fmt::format("layers.{}.{}", layer, neox_names[index]);
}

std::vector<ModelTensor> CheckpointLayout::model_tensors() const {
  std::vector<ModelTensor> tensors = {ModelTensor::embedding, ModelTensor::final_scale,
                                      ModelTensor::final_shift};
  tensors.push_back(config_.kind == ModelKind::gpt2 ? ModelTensor::position_embedding
                                                    : ModelTensor::unembedding);
  return tensors;
}

std::vector<std::int64_t> CheckpointLayout::shape(ModelTensor tensor) const {
  switch (tensor) {
    case ModelTensor::embedding:
    case ModelTensor::unembedding:
      return {config_.vocabulary, config_.d_model};
    case ModelTensor::position_embedding:
      return {config_.positions, config_.d_model};
    case ModelTensor::final_scale:
    case ModelTensor::final_shift:
      break;
  }
  return {config_.d_model};
}

std::vector<std::int64_t> CheckpointLayout::shape(LayerTensor tensor) const {
  const std::int64_t d = config_.d_model, m = config_.d_mlp;
  std::vector<std::int64_t> shape = {d};
  switch (tensor) {
    case LayerTensor::attention_input:
      shape = {d, 3 * d};
      break;
    case LayerTensor::attention_input_bias:
      shape = {3 * d};
      break;
    case LayerTensor::attention_output:
      shape = {d, d};
      break;
    case LayerTensor::mlp_input:
      shape = {d, m};
      break;
    case LayerTensor::mlp_input_bias:
      shape = {m};
      break;
    case LayerTensor::mlp_output:
      shape = {m, d};
      break;
    default:
      break;
  }
  if (is_transposed()) std::ranges::reverse(shape);
  return shape;
}

std::int64_t CheckpointLayout::stored_output(LayerTensor tensor, std::int64_t output) const {
  const bool projects_heads =
      tensor == LayerTensor::attention_input || tensor == LayerTensor::attention_input_bias;
  if (config_.kind == ModelKind::gpt2 || !projects_heads) return output;
  const std::int64_t d = config_.d_model, d_head = config_.d_head();
  const std::int64_t part = output / d, head = output % d / d_head, column = output % d_head;
  return (head * 3 + part) * d_head + column;
}

bool CheckpointLayout::is_buffer(const std::string& name) const {
  if (config_.kind == ModelKind::gpt2)
    return name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias");
  return name.ends_with(".attention.bias") || name.ends_with(".attention.masked_bias") ||
         name.ends_with(".attention.rotary_emb.inv_freq");
}

}  // namespace headsweep
