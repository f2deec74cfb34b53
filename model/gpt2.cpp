#include "model/gpt2.h"

#include <cassert>
#include <numeric>
#include <utility>

namespace headsweep {

Gpt2::Gpt2(const std::filesystem::path& folder, Backend& backend)
    : config_(read_config(folder)),
      backend_(backend),
      stored_(folder, config_),
      folded_(stored_, config_),
      position_embedding_(stored_.values("wpe.weight")) {
  std::vector<int> every_head(static_cast<std::size_t>(config_.heads));
  std::iota(every_head.begin(), every_head.end(), 0);
  HostWeight host;
  for (int l = 0; l < config_.layers; ++l) {
    LayerWeights& layer = layers_.emplace_back();
    host = folded_.attention_input(l, every_head, AttentionInputs::queries_keys_values,
                                   std::move(host));
    layer.attention_input = pack(host);
    host = folded_.attention_output(l, every_head, std::move(host));
    host.bias = folded_.attention_bias(l);
    layer.attention_output = pack(host);
    host = folded_.mlp_input(l, std::move(host));
    layer.mlp_input = pack(host);
    host = folded_.mlp_output(l, std::move(host));
    layer.mlp_output = pack(host);
    stored_.release_layer(l);
  }
}

std::int64_t Gpt2::weight_bytes() const {
  std::int64_t sum = 0;
  for (const LayerWeights& layer : layers_)
    sum += layer.attention_input.bytes + layer.attention_output.bytes + layer.mlp_input.bytes +
           layer.mlp_output.bytes;
  return sum;
}

Weight Gpt2::pack(const HostWeight& weight) const {
  return headsweep::pack(backend_, weight.weight, weight.inputs, weight.outputs, weight.bias);
}

HeadWeights Gpt2::pack_heads(int layer, std::span<const int> heads, Queries queries) const {
  HeadWeights result;
  if (queries == Queries::every_position) {
    result.queries_keys_values =
        pack(folded_.attention_input(layer, heads, AttentionInputs::queries_keys_values));
  } else {
    result.queries = pack(folded_.attention_input(layer, heads, AttentionInputs::queries));
    result.keys_values = pack(folded_.attention_input(layer, heads, AttentionInputs::keys_values));
  }
  result.output = pack(folded_.attention_output(layer, heads));
  stored_.release_layer(layer);
  return result;
}

Array<float> Gpt2::embed(std::span<const std::vector<int>> sequences) const {
  const auto d = static_cast<std::size_t>(config_.d_model);
  std::vector<float> rows;
  std::vector<float> row(d);
  for (const auto& tokens : sequences)
    for (std::size_t p = 0; p < tokens.size(); ++p) {
      assert(p < static_cast<std::size_t>(config_.positions));
      stored_.read_embedding(tokens[p], row);
      for (std::size_t i = 0; i < d; ++i) rows.push_back(row[i] + position_embedding_[p * d + i]);
    }
  return to_device(backend_, std::span<const float>(rows));
}

}  // namespace headsweep
