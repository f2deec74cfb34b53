#include "model/folded_weights.h"

#include <algorithm>
#include <utility>

namespace headsweep {
namespace {

std::size_t to_size(std::int64_t value) { return static_cast<std::size_t>(value); }

/// sums += factor * row. The sums run over d_model terms, hence float64.
void add_multiple(double factor, std::span<const float> row, std::span<double> sums) {
  for (std::size_t j = 0; j < row.size(); ++j) sums[j] += factor * static_cast<double>(row[j]);
}

}  // namespace

FoldedWeights::FoldedWeights(const StoredWeights& stored, const ModelConfig& config)
    : stored_(stored),
      config_(config),
      final_scale_(stored.values("ln_f.weight")),
      final_shift_(stored.values("ln_f.bias")) {}

std::vector<double> FoldedWeights::doubles(int layer, const char* name) const {
  const std::vector<float> values = stored_.values(layer, name);
  return {values.begin(), values.end()};
}

std::vector<double> FoldedWeights::attention_scale(int layer) const {
  return doubles(layer, "ln_1.weight");
}

std::vector<double> FoldedWeights::mlp_scale(int layer) const {
  return doubles(layer, "ln_2.weight");
}

HostWeight FoldedWeights::attention_input(int layer, std::span<const int> heads,
                                          AttentionInputs wanted, HostWeight used) const {
  const std::int64_t d = config_.d_model, d_head = config_.d_head();
  const std::int64_t width = static_cast<std::int64_t>(heads.size()) * d_head;
  const int first_part = wanted == AttentionInputs::keys_values ? 1 : 0;
  const int end_part = wanted == AttentionInputs::queries ? 1 : 3;
  const auto gather = [&](const auto* from, auto* to) {
    for (int part = first_part; part < end_part; ++part)
      for (int head : heads) to = std::copy_n(from + part * d + head * d_head, d_head, to);
  };

  HostWeight result{d, (end_part - first_part) * width, std::move(used.weight), {}};
  result.weight.resize(to_size(d * result.outputs));
  result.bias.resize(to_size(result.outputs));
  gather(doubles(layer, "attn.c_attn.bias").data(), result.bias.data());
  const std::vector<double> shift = doubles(layer, "ln_1.bias");
  std::vector<float> row(to_size(3 * d));
  for (std::int64_t i = 0; i < d; ++i) {
    stored_.read_row(layer, "attn.c_attn.weight", i, row);
    const std::span packed(result.weight.data() + i * result.outputs, to_size(result.outputs));
    gather(row.data(), packed.data());
    add_multiple(shift[to_size(i)], packed, result.bias);
  }
  // The value biases are in attention_bias().
  if (wanted != AttentionInputs::queries)
    std::fill(result.bias.end() - width, result.bias.end(), 0.0);
  return result;
}

HostWeight FoldedWeights::attention_output(int layer, std::span<const int> heads,
                                           HostWeight used) const {
  const std::int64_t d = config_.d_model, d_head = config_.d_head();
  HostWeight result{
      static_cast<std::int64_t>(heads.size()) * d_head, d, std::move(used.weight), {}};
  result.weight.resize(to_size(result.inputs * d));
  float* to = result.weight.data();
  for (int head : heads)
    for (std::int64_t i = 0; i < d_head; ++i, to += d)
      stored_.read_row(layer, "attn.c_proj.weight", head * d_head + i, {to, to_size(d)});
  return result;
}

std::vector<double> FoldedWeights::attention_bias(int layer) const {
  const std::int64_t d = config_.d_model;
  const std::vector<double> shift = doubles(layer, "ln_1.bias"),
                            bias = doubles(layer, "attn.c_attn.bias");
  std::vector<double> value_bias(bias.end() - d, bias.end());
  std::vector<float> row(to_size(3 * d));
  for (std::int64_t i = 0; i < d; ++i) {
    if (shift[to_size(i)] == 0) continue;
    stored_.read_row(layer, "attn.c_attn.weight", i, row);
    add_multiple(shift[to_size(i)], std::span(row).last(to_size(d)), value_bias);
  }
  std::vector<double> sums = doubles(layer, "attn.c_proj.bias");
  row.resize(to_size(d));
  for (std::int64_t i = 0; i < d; ++i) {
    if (value_bias[to_size(i)] == 0) continue;
    stored_.read_row(layer, "attn.c_proj.weight", i, row);
    add_multiple(value_bias[to_size(i)], row, sums);
  }
  return sums;
}

HostWeight FoldedWeights::mlp_input(int layer, HostWeight used) const {
  HostWeight result{config_.d_model, config_.d_mlp,
                    stored_.values(layer, "mlp.c_fc.weight", std::move(used.weight)),
                    doubles(layer, "mlp.c_fc.bias")};
  const std::vector<double> shift = doubles(layer, "ln_2.bias");
  for (std::int64_t i = 0; i < result.inputs; ++i) {
    const std::span row(result.weight.data() + i * result.outputs, to_size(result.outputs));
    if (shift[to_size(i)] != 0) add_multiple(shift[to_size(i)], row, result.bias);
  }
  return result;
}

HostWeight FoldedWeights::mlp_output(int layer, HostWeight used) const {
  return {config_.d_mlp, config_.d_model,
          stored_.values(layer, "mlp.c_proj.weight", std::move(used.weight)),
          doubles(layer, "mlp.c_proj.bias")};
}

FoldedWeights::Direction FoldedWeights::unembedding(int token) const {
  std::vector<float> row(to_size(config_.d_model));
  stored_.read_embedding(token, row);
  Direction result{std::vector<double>(row.size()), 0};
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto value = static_cast<double>(row[i]);
    result.column[i] = value * static_cast<double>(final_scale_[i]);
    result.bias += value * static_cast<double>(final_shift_[i]);
  }
  return result;
}

}  // namespace headsweep
