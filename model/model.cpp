#include "model/model.h"

#include <cassert>
#include <cmath>
#include <cstddef>
#include <utility>

#include "model/numbers_below.h"
#include "model/numbers_writer.h"

namespace headsweep {

std::int64_t packed_bytes(const ModelConfig& config, Backend& backend) {
  const std::int64_t d = config.d_model, m = config.d_mlp;
  return config.layers * (backend.packed_bytes(d, 3 * d) + backend.packed_bytes(d, d) +
                          backend.packed_bytes(d, m) + backend.packed_bytes(m, d));
}

namespace {

/// (positions, rotary_columns): cosines, then sines, of position / base^(2 i / rotary_columns).
std::vector<double> rotation_of(const ModelConfig& config) {
  const int pairs = config.rotary_columns / 2;
  std::vector<double> numbers;
  numbers.reserve(static_cast<std::size_t>(config.rotation_numbers()));
  for (int position = 0; position < config.positions; ++position)
    for (const bool sines : {false, true})
      for (int i = 0; i < pairs; ++i) {
        const double angle =
            position / std::pow(config.rotary_base, static_cast<double>(i) / pairs);
        numbers.push_back(sines ? std::sin(angle) : std::cos(angle));
      }
  return numbers;
}

}  // namespace

Model::Model(const std::filesystem::path& folder, Backend& backend)
    : Model(std::make_shared<StoredWeights>(folder, read_config(folder)), backend, nullptr,
            WeightBlock::to_be_packed) {}

Model::Model(std::shared_ptr<StoredWeights> stored, Backend& backend, std::shared_ptr<void> block,
             WeightBlock state)
    : config_(stored->config()),
      backend_(backend),
      stored_(std::move(stored)),
      folded_(*stored_, config_),
      block_(std::move(block)) {
  if (config_.is_rotary()) {
    rotation_ = to_device(backend, rotation_of(config_));
  } else {
    position_embedding_ = stored_->values(ModelTensor::position_embedding);
  }
  if (!block_) block_ = backend.allocate_bytes(packed_bytes(config_, backend));
  if (state != WeightBlock::packed_already) pack_layers(state);
  take_layers();
}

void Model::pack_layers(WeightBlock state) {
  auto* memory = static_cast<std::byte*>(block_.get());
  const auto pack_next = [&](const HostWeight& host) {
    backend_.pack_into(host.weight, host.inputs, host.outputs, host.bias, memory);
    memory += backend_.packed_bytes(host.inputs, host.outputs);
  };
  const std::vector<int> every_head = numbers_below(config_.heads);
  HostWeight host;
  for (int l = 0; l < config_.layers; ++l) {
    host = folded_.attention_input(l, every_head, AttentionInputs::queries_keys_values,
                                   std::move(host));
    pack_next(host);
    host = folded_.attention_output(l, every_head, std::move(host));
    host.bias = folded_.attention_bias(l);
    pack_next(host);
    host = folded_.mlp_input(l, std::move(host));
    pack_next(host);
    host = folded_.mlp_output(l, std::move(host));
    pack_next(host);
    stored_->release_layer(l);
    if (state == WeightBlock::last_to_be_packed) stored_->discard_mlp(l);
  }
}

void Model::take_layers() {
  auto* memory = static_cast<std::byte*>(block_.get());
  const auto next = [&](std::int64_t inputs, std::int64_t outputs) {
    Weight weight = backend_.packed_weight(std::shared_ptr<void>(block_, memory), inputs, outputs);
    memory += backend_.packed_bytes(inputs, outputs);
    return weight;
  };
  const std::int64_t d = config_.d_model, m = config_.d_mlp;
  // Braces are evaluated from left to right: in the order in which the weights lie there.
  for (int l = 0; l < config_.layers; ++l)
    layers_.push_back({to_device(backend_, folded_.attention_scale(l)), next(d, 3 * d), next(d, d),
                       to_device(backend_, folded_.mlp_scale(l)), next(d, m), next(m, d)});
}

std::int64_t Model::weight_bytes() const {
  std::int64_t sum = 0;
  for (const LayerWeights& layer : layers_)
    sum += layer.attention_input.bytes + layer.attention_output.bytes + layer.mlp_input.bytes +
           layer.mlp_output.bytes;
  return sum;
}

Weight Model::pack(const HostWeight& weight) const {
  return headsweep::pack(backend_, weight.weight, weight.inputs, weight.outputs, weight.bias);
}

namespace {

/// Where the columns of some heads are in the parts (queries, keys, values) first .. end of a
/// layer's attention_input; for its attention_output's rows, those of the first part.
std::vector<int> places_of_heads(const ModelConfig& config, std::span<const int> heads, int first,
                                 int end) {
  const int d_head = static_cast<int>(config.d_head());
  std::vector<int> places;
  for (int part = first; part < end; ++part)
    for (const int head : heads)
      for (int i = 0; i < d_head; ++i)
        places.push_back(part * static_cast<int>(config.d_model) + head * d_head + i);
  return places;
}

}  // namespace

HeadWeights Model::pack_heads(int layer, std::span<const int> heads, Queries queries) const {
  HeadWeights parts = parts_of_heads(layer, heads, queries);
  return parts.output.empty() ? pack_heads_from_host(layer, heads, queries) : parts;
}

/// Out of the layer's packed weights, if the backend can.
HeadWeights Model::parts_of_heads(int layer_number, std::span<const int> heads,
                                  Queries queries) const {
  const LayerWeights& weights = layer(layer_number);
  const auto columns = [&](int first, int end) {
    return backend_.part_of(weights.attention_input, {},
                            places_of_heads(config_, heads, first, end));
  };
  HeadWeights result;
  result.output =
      backend_.part_of(weights.attention_output, places_of_heads(config_, heads, 0, 1), {});
  if (result.output.empty()) return result;
  if (queries == Queries::every_position) {
    result.queries_keys_values = columns(0, 3);
  } else {
    result.queries = columns(0, 1);
    result.keys_values = columns(1, 3);
  }
  return result;
}

HeadWeights Model::pack_heads_from_host(int layer, std::span<const int> heads,
                                        Queries queries) const {
  HeadWeights result;
  if (queries == Queries::every_position) {
    result.queries_keys_values =
        pack(folded_.attention_input(layer, heads, AttentionInputs::queries_keys_values));
  } else {
    result.queries = pack(folded_.attention_input(layer, heads, AttentionInputs::queries));
    result.keys_values = pack(folded_.attention_input(layer, heads, AttentionInputs::keys_values));
  }
  result.output = pack(folded_.attention_output(layer, heads));
  stored_->release_layer(layer);
  return result;
}

Numbers Model::embed(std::span<const std::vector<int>> sequences) const {
  const auto d = static_cast<std::size_t>(config_.d_model);
  std::int64_t rows = 0;
  for (const auto& tokens : sequences) rows += std::ssize(tokens);
  NumbersWriter writer(backend_, rows * config_.d_model);
  std::vector<float> row(d);
  for (const auto& tokens : sequences)
    for (std::size_t p = 0; p < tokens.size(); ++p) {
      assert(p < static_cast<std::size_t>(config_.positions));
      stored_->read_embedding(tokens[p], row);
      for (std::size_t i = 0; i < d; ++i) {
        const float position = config_.is_rotary() ? 0 : position_embedding_[p * d + i];
        writer.add(static_cast<double>(row[i]) + static_cast<double>(position));
      }
    }
  return writer.done();
}

}  // namespace headsweep
