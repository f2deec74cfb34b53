#include "model/stored_weights.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"

namespace headsweep {
namespace {

/// The indices of an element, row-major.
std::vector<std::int64_t> place_of(std::int64_t element, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> place = shape;
  for (std::size_t i = shape.size(); i-- > 0; element /= shape[i]) place[i] = element % shape[i];
  return place;
}

bool is_matrix(const StoredTensor& stored) { return stored.shape.size() == 2; }

constexpr const char* name_for_people(ModelKind kind) {
  return kind == ModelKind::gpt2 ? "GPT-2" : "GPT-NeoX";
}

}  // namespace

std::int64_t sum_of(std::span<const Range> ranges) {
  return std::transform_reduce(ranges.begin(), ranges.end(), std::int64_t{0}, std::plus(),
                               [](const Range& range) { return range.count; });
}

StoredWeights::StoredWeights(const std::filesystem::path& folder, const ModelConfig& config)
    : StoredWeights(Checkpoint(folder), config) {}

StoredWeights::StoredWeights(Checkpoint checkpoint, const ModelConfig& config)
    : checkpoint_(std::move(checkpoint)), config_(config), layout_(config) {
  find_prefix();
  check_shapes();
  check_nothing_else();
  embedding_ = &tensor(name_of(ModelTensor::embedding));
  unembedding_ = config.is_tied() ? embedding_ : &tensor(name_of(ModelTensor::unembedding));
  if (config.is_tied()) check_tied();
  for (int layer = 0; layer < config.layers; ++layer) {
    auto& list = by_layer_.emplace_back();
    for (int i = 0; i < layer_tensors; ++i)
      list.push_back(&tensor(name_of(layer, static_cast<LayerTensor>(i))));
  }
}

void StoredWeights::find_prefix() {
  const std::string embedding = layout_.name(ModelTensor::embedding);
  std::vector<std::string> names;
  for (const std::string& prefix : layout_.prefixes()) {
    if (checkpoint_.find(prefix + embedding) != nullptr) {
      prefix_ = prefix;
      return;
    }
    names.insert(names.begin(), fmt::format("'{}'", prefix + embedding));
  }
  throw UserError(fmt::format("{}: holds {} {}: this is no {} checkpoint in Hugging Face form",
                              checkpoint_.folder().string(), names.size() > 1 ? "neither" : "no",
                              fmt::join(names, " nor "), name_for_people(config_.kind)));
}

std::string StoredWeights::name_of(ModelTensor tensor) const {
  return (tensor == ModelTensor::unembedding ? "" : prefix_) + layout_.name(tensor);
}

std::string StoredWeights::name_of(int layer, LayerTensor tensor) const {
  return prefix_ + layout_.name(layer, tensor);
}

std::vector<StoredWeights::NamedShape> StoredWeights::all_shapes() const {
  std::vector<NamedShape> result;
  for (const ModelTensor tensor : layout_.model_tensors())
    result.push_back({name_of(tensor), layout_.shape(tensor)});
  for (int layer = 0; layer < config_.layers; ++layer)
    for (int i = 0; i < layer_tensors; ++i) {
      const auto tensor = static_cast<LayerTensor>(i);
      result.push_back({name_of(layer, tensor), layout_.shape(tensor)});
    }
  return result;
}

const StoredTensor& StoredWeights::tensor(const std::string& name) const {
  if (const StoredTensor* found = checkpoint_.find(name)) return *found;
  throw UserError(
      fmt::format("{}: tensor '{}' is missing, though config.json asks for it: the checkpoint is "
                  "incomplete, or config.json belongs to another model",
                  checkpoint_.folder().string(), name));
}

void StoredWeights::check_shapes() const {
  for (const auto& [name, shape] : all_shapes()) {
    const StoredTensor& stored = tensor(name);
    if (stored.shape != shape)
      throw UserError(fmt::format(
          "{}: tensor '{}' has shape [{}], but config.json asks for [{}]: the two belong to "
          "different models",
          checkpoint_.folder().string(), stored.name, fmt::join(stored.shape, ", "),
          fmt::join(shape, ", ")));
    if (stored.type == ElementType::other)
      throw UserError(fmt::format(
          "{}: tensor '{}' holds {} numbers; headsweep reads F32, F16 and BF16: convert the "
          "checkpoint",
          checkpoint_.folder().string(), stored.name, stored.type_name));
  }
}

void StoredWeights::check_nothing_else() const {
  std::set<std::string> known = {layout_.name(ModelTensor::unembedding)};
  for (const auto& [name, shape] : all_shapes()) known.insert(name);
  for (const StoredTensor& stored : checkpoint_.tensors())
    if (!known.contains(stored.name) && !layout_.is_buffer(stored.name))
      throw UserError(fmt::format(
          "{}: tensor '{}' is no part of a {} with {} layers: headsweep would ignore it and "
          "compute another model; remove it, or correct config.json",
          checkpoint_.folder().string(), stored.name, name_for_people(config_.kind),
          config_.layers));
}

void StoredWeights::check_tied() const {
  const StoredTensor* head = checkpoint_.find(layout_.name(ModelTensor::unembedding));
  if (head == nullptr) return;
  const bool same =
      head->type == embedding_->type && head->bytes.size() == embedding_->bytes.size() &&
      std::memcmp(head->bytes.data(), embedding_->bytes.data(), head->bytes.size()) == 0;
  checkpoint_.release(*head);
  release_embeddings();
  if (!same)
    throw UserError(
        fmt::format("{}: '{}' differs from '{}': GPT-2's unembedding is its "
                    "embedding, and headsweep supports no other",
                    checkpoint_.folder().string(), head->name, embedding_->name));
}

void StoredWeights::read(const StoredTensor& stored, std::int64_t first,
                         std::span<float> out) const {
  const auto bad = read_floats(stored, first, out);
  if (!bad) return;
  throw UserError(fmt::format(
      "{}: tensor '{}' holds {} at [{}], and whatever is computed with it means nothing: the "
      "checkpoint is damaged, or its training went wrong; use another",
      checkpoint_.folder().string(), stored.name, out[static_cast<std::size_t>(*bad - first)],
      fmt::join(place_of(*bad, stored.shape), ", ")));
}

std::vector<float> StoredWeights::values(ModelTensor which) const {
  const StoredTensor& stored = tensor(name_of(which));
  std::vector<float> result(static_cast<std::size_t>(stored.elements()));
  read(stored, 0, result);
  return result;
}

std::vector<float> StoredWeights::values(int layer, LayerTensor which,
                                         std::vector<float> used) const {
  const StoredTensor& stored = tensor(layer, which);
  used.resize(static_cast<std::size_t>(stored.elements()));
  if (is_matrix(stored) && layout_.is_transposed()) {
    const Range inputs{0, stored.shape[1]}, outputs{0, stored.shape[0]};
    read_part(layer, which, {&inputs, 1}, {&outputs, 1}, used);
    return used;
  }
  read(stored, 0, used);
  if (which != LayerTensor::attention_input_bias) return used;
  std::vector<float> ordered;
  for (std::int64_t output = 0; output < stored.elements(); ++output)
    ordered.push_back(used[static_cast<std::size_t>(layout_.stored_output(which, output))]);
  return ordered;
}

void StoredWeights::read_part(int layer, LayerTensor which, std::span<const Range> inputs,
                              std::span<const Range> outputs, std::span<float> part) const {
  const StoredTensor& stored = tensor(layer, which);
  assert(is_matrix(stored) && std::ssize(part) == sum_of(inputs) * sum_of(outputs));
  if (layout_.is_transposed()) {
    read_transposed(stored, which, inputs, outputs, part.data());
  } else {
    read_rows(stored, inputs, outputs, part.data());
  }
}

/// Of (inputs, outputs).
void StoredWeights::read_rows(const StoredTensor& stored, std::span<const Range> inputs,
                              std::span<const Range> outputs, float* part) const {
  const std::int64_t width = stored.shape[1];
  std::vector<float> row(static_cast<std::size_t>(width));
  const bool whole = outputs.size() == 1 && outputs.front().count == width;
  for (const Range& range : inputs)
    for (std::int64_t i = range.first; i < range.first + range.count; ++i) {
      if (whole) {
        read(stored, i * width, {part, row.size()});
        part += width;
        continue;
      }
      read(stored, i * width, row);
      for (const Range& columns : outputs)
        part = std::copy_n(row.data() + columns.first, columns.count, part);
    }
}

/// Of (outputs, inputs): some outputs at a time, so that what is written lies side by side.
void StoredWeights::read_transposed(const StoredTensor& stored, LayerTensor which,
                                    std::span<const Range> inputs, std::span<const Range> outputs,
                                    float* part) const {
  constexpr std::size_t at_once = 16;
  const std::int64_t width = stored.shape[1], columns = sum_of(outputs);
  std::vector<std::int64_t> wanted;
  for (const Range& range : outputs)
    for (std::int64_t o = range.first; o < range.first + range.count; ++o)
      wanted.push_back(layout_.stored_output(which, o));
  std::vector<float> block(at_once * static_cast<std::size_t>(width));
  for (std::size_t first = 0; first < wanted.size(); first += at_once) {
    const std::size_t count = std::min(at_once, wanted.size() - first);
    for (std::size_t o = 0; o < count; ++o)
      read(stored, wanted[first + o] * width,
           std::span(block).subspan(o * static_cast<std::size_t>(width),
                                    static_cast<std::size_t>(width)));
    float* to = part + first;
    for (const Range& range : inputs)
      for (std::int64_t i = range.first; i < range.first + range.count; ++i, to += columns)
        for (std::size_t o = 0; o < count; ++o)
          to[o] = block[o * static_cast<std::size_t>(width) + static_cast<std::size_t>(i)];
  }
}

void StoredWeights::read_embedding(int token, std::span<float> out) const {
  read(*embedding_, static_cast<std::int64_t>(token) * config_.d_model, out);
}

void StoredWeights::read_unembedding(int token, std::span<float> out) const {
  read(*unembedding_, static_cast<std::int64_t>(token) * config_.d_model, out);
}

void StoredWeights::release_layer(int layer) const {
  for (const StoredTensor* stored : by_layer_[static_cast<std::size_t>(layer)])
    checkpoint_.release(*stored);
}

void StoredWeights::release_embeddings() const {
  checkpoint_.release(*embedding_);
  checkpoint_.release(*unembedding_);
}

void StoredWeights::discard_mlp(int layer) {
  for (const LayerTensor which : {LayerTensor::mlp_input, LayerTensor::mlp_output})
    checkpoint_.discard(tensor(layer, which));
}

long long StoredWeights::parameters() const {
  long long sum = 0;
  for (const auto& [name, shape] : all_shapes()) sum += tensor(name).elements();
  return sum;
}

std::vector<std::string> StoredWeights::element_types() const {
  std::set<std::string> types;
  for (const auto& [name, shape] : all_shapes()) types.insert(tensor(name).type_name);
  return {types.begin(), types.end()};
}

}  // namespace headsweep
