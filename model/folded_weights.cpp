#include "model/folded_weights.h"

#include <algorithm>
#include <utility>

namespace headsweep {
namespace {

std::size_t to_size(std::int64_t value) { return static_cast<std::size_t>(value); }

std::vector<float> rounded(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// sums += factor * row. The sums run over d_model terms, hence float64.
void add_multiple(double factor, std::span<const float> row, std::span<double> sums) {
  for (std::size_t j = 0; j < row.size(); ++j) sums[j] += factor * static_cast<double>(row[j]);
}

}  // namespace

FoldedWeights::FoldedWeights(const StoredWeights& stored, const Gpt2Config& config)
    : stored_(stored),
      config_(config),
      final_norm_{stored.values("ln_f.weight"), stored.values("ln_f.bias")} {}

FoldedWeights::Norm FoldedWeights::norm(int layer, const char* name) const {
  return {stored_.values(layer, std::string(name) + ".weight"),
          stored_.values(layer, std::string(name) + ".bias")};
}

HostWeight FoldedWeights::attention_input(int layer, std::span<const int> heads,
                                          AttentionInputs wanted, HostWeight used) const {
  const std::int64_t d = config_.d_model, d_head = config_.d_head();
  const std::int64_t width = static_cast<std::int64_t>(heads.size()) * d_head;
  const int first_part = wanted == AttentionInputs::keys_values ? 1 : 0;
  const int end_part = wanted == AttentionInputs::queries ? 1 : 3;
  const auto gather = [&](const float* from, float* to) {
    for (int part = first_part; part < end_part; ++part)
      for (int head : heads) to = std::copy_n(from + part * d + head * d_head, d_head, to);
  };

  HostWeight result{d, (end_part - first_part) * width, std::move(used.weight), {}};
  result.weight.resize(to_size(d * result.outputs));
  const Norm before = norm(layer, "ln_1");
  std::vector<float> row(to_size(3 * d)), bias(to_size(result.outputs));
  gather(stored_.values(layer, "attn.c_attn.bias").data(), bias.data());
  std::vector<double> sums(bias.begin(), bias.end());
  for (std::int64_t i = 0; i < d; ++i) {
    stored_.read_row(layer, "attn.c_attn.weight", i, row);
    const std::span packed(result.weight.data() + i * result.outputs, to_size(result.outputs));
    gather(row.data(), packed.data());
    add_multiple(static_cast<double>(before.shift[to_size(i)]), packed, sums);
    for (float& value : packed) value *= before.scale[to_size(i)];
  }
  // The value biases are in attention_bias().
  if (wanted != AttentionInputs::queries) std::fill(sums.end() - width, sums.end(), 0.0);
  result.bias = rounded(sums);
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

std::vector<float> FoldedWeights::attention_bias(int layer) const {
  const std::int64_t d = config_.d_model;
  const std::vector<float> shift = norm(layer, "ln_1").shift,
                           bias = stored_.values(layer, "attn.c_attn.bias");
  std::vector<double> value_bias(bias.end() - d, bias.end());
  std::vector<float> row(to_size(3 * d));
  for (std::int64_t i = 0; i < d; ++i) {
    if (shift[to_size(i)] == 0) continue;
    stored_.read_row(layer, "attn.c_attn.weight", i, row);
    add_multiple(static_cast<double>(shift[to_size(i)]), std::span(row).last(to_size(d)),
                 value_bias);
  }
  const std::vector<float> own = stored_.values(layer, "attn.c_proj.bias");
  std::vector<double> sums(own.begin(), own.end());
  row.resize(to_size(d));
  for (std::int64_t i = 0; i < d; ++i) {
    if (value_bias[to_size(i)] == 0) continue;
    stored_.read_row(layer, "attn.c_proj.weight", i, row);
    add_multiple(value_bias[to_size(i)], row, sums);
  }
  return rounded(sums);
}

HostWeight FoldedWeights::mlp_input(int layer, HostWeight used) const {
  HostWeight result{config_.d_model,
                    config_.d_mlp,
                    stored_.values(layer, "mlp.c_fc.weight", std::move(used.weight)),
                    {}};
  const Norm before = norm(layer, "ln_2");
  const std::vector<float> bias = stored_.values(layer, "mlp.c_fc.bias");
  std::vector<double> sums(bias.begin(), bias.end());
  for (std::int64_t i = 0; i < result.inputs; ++i) {
    const std::span row(result.weight.data() + i * result.outputs, to_size(result.outputs));
    const float shift = before.shift[to_size(i)], scale = before.scale[to_size(i)];
    if (shift != 0) add_multiple(static_cast<double>(shift), row, sums);
    for (float& value : row) value *= scale;
  }
  result.bias = rounded(sums);
  return result;
}

HostWeight FoldedWeights::mlp_output(int layer, HostWeight used) const {
  return {config_.d_mlp, config_.d_model,
          stored_.values(layer, "mlp.c_proj.weight", std::move(used.weight)),
          stored_.values(layer, "mlp.c_proj.bias")};
}

FoldedWeights::Direction FoldedWeights::unembedding(int token) const {
  std::vector<float> row(to_size(config_.d_model));
  stored_.read_embedding(token, row);
  Direction result{std::vector<double>(row.size()), 0};
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto value = static_cast<double>(row[i]);
    result.column[i] = value * static_cast<double>(final_norm_.scale[i]);
    result.bias += value * static_cast<double>(final_norm_.shift[i]);
  }
  return result;
}

}  // namespace headsweep
