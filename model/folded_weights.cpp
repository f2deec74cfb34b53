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

/// What a row (inputs) that is added to every input adds to the outputs, into the bias.
void add_shift(const std::vector<double>& shift, HostWeight& weight) {
  for (std::int64_t i = 0; i < weight.inputs; ++i) {
    const std::span row(weight.weight.data() + i * weight.outputs, to_size(weight.outputs));
    if (shift[to_size(i)] != 0) add_multiple(shift[to_size(i)], row, weight.bias);
  }
}

}  // namespace

FoldedWeights::FoldedWeights(const StoredWeights& stored, const ModelConfig& config)
    : stored_(stored),
      config_(config),
      final_scale_(stored.values(ModelTensor::final_scale)),
      final_shift_(stored.values(ModelTensor::final_shift)) {}

std::vector<double> FoldedWeights::doubles(int layer, LayerTensor tensor) const {
  const std::vector<float> values = stored_.values(layer, tensor);
  return {values.begin(), values.end()};
}

std::vector<double> FoldedWeights::attention_scale(int layer) const {
  return doubles(layer, LayerTensor::attention_scale);
}

std::vector<double> FoldedWeights::mlp_scale(int layer) const {
  return doubles(layer, LayerTensor::mlp_scale);
}

HostWeight FoldedWeights::attention_input(int layer, std::span<const int> heads,
                                          AttentionInputs wanted, HostWeight used) const {
  const std::int64_t d = config_.d_model, d_head = config_.d_head();
  const std::int64_t width = static_cast<std::int64_t>(heads.size()) * d_head;
  const int first_part = wanted == AttentionInputs::keys_values ? 1 : 0;
  const int end_part = wanted == AttentionInputs::queries ? 1 : 3;
  std::vector<Range> columns;
  for (int part = first_part; part < end_part; ++part)
    for (const int head : heads) columns.push_back({part * d + head * d_head, d_head});

  HostWeight result{d, (end_part - first_part) * width, std::move(used.weight), {}};
  result.weight.resize(to_size(d * result.outputs));
  stored_.read_part(layer, LayerTensor::attention_input, all_rows(), columns, result.weight);
  const std::vector<double> bias = doubles(layer, LayerTensor::attention_input_bias);
  for (const Range& range : columns)
    result.bias.insert(result.bias.end(), bias.begin() + range.first,
                       bias.begin() + range.first + range.count);
  add_shift(doubles(layer, LayerTensor::attention_shift), result);
  // The value biases are in attention_bias().
  if (wanted != AttentionInputs::queries)
    std::fill(result.bias.end() - width, result.bias.end(), 0.0);
  return result;
}

HostWeight FoldedWeights::attention_output(int layer, std::span<const int> heads,
                                           HostWeight used) const {
  const std::int64_t d_head = config_.d_head();
  std::vector<Range> rows;
  for (const int head : heads) rows.push_back({head * d_head, d_head});
  HostWeight result{sum_of(rows), config_.d_model, std::move(used.weight), {}};
  result.weight.resize(to_size(result.inputs * result.outputs));
  stored_.read_part(layer, LayerTensor::attention_output, rows, all_rows(), result.weight);
  return result;
}

std::vector<double> FoldedWeights::attention_bias(int layer) const {
  const std::int64_t d = config_.d_model;
  const Range value_columns{2 * d, d};
  HostWeight values{d, d, std::vector<float>(to_size(d * d)), {}};
  const std::vector<double> bias = doubles(layer, LayerTensor::attention_input_bias);
  values.bias.assign(bias.end() - d, bias.end());
  stored_.read_part(layer, LayerTensor::attention_input, all_rows(), {&value_columns, 1},
                    values.weight);
  add_shift(doubles(layer, LayerTensor::attention_shift), values);
  HostWeight output{d, d,
                    stored_.values(layer, LayerTensor::attention_output, std::move(values.weight)),
                    doubles(layer, LayerTensor::attention_output_bias)};
  add_shift(values.bias, output);
  return output.bias;
}

HostWeight FoldedWeights::mlp_input(int layer, HostWeight used) const {
  HostWeight result{config_.d_model, config_.d_mlp,
                    stored_.values(layer, LayerTensor::mlp_input, std::move(used.weight)),
                    doubles(layer, LayerTensor::mlp_input_bias)};
  add_shift(doubles(layer, LayerTensor::mlp_shift), result);
  return result;
}

HostWeight FoldedWeights::mlp_output(int layer, HostWeight used) const {
  return {config_.d_mlp, config_.d_model,
          stored_.values(layer, LayerTensor::mlp_output, std::move(used.weight)),
          doubles(layer, LayerTensor::mlp_output_bias)};
}

FoldedWeights::Direction FoldedWeights::unembedding(int token) const {
  std::vector<float> row(to_size(config_.d_model));
  stored_.read_unembedding(token, row);
  Direction result{std::vector<double>(row.size()), 0};
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto value = static_cast<double>(row[i]);
    result.column[i] = value * static_cast<double>(final_scale_[i]);
    result.bias += value * static_cast<double>(final_shift_[i]);
  }
  return result;
}

}  // namespace headsweep
