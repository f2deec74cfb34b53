#include "model/stored_weights.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"

namespace headsweep {
namespace {

using Shape = std::vector<std::int64_t>;
using NamedShapes = std::vector<std::pair<std::string, Shape>>;

NamedShapes layer_shapes(const ModelConfig& c) {
  const std::int64_t d = c.d_model, m = c.d_mlp;
  return {
      {"ln_1.weight", {d}},          {"ln_1.bias", {d}},        {"attn.c_attn.weight", {d, 3 * d}},
      {"attn.c_attn.bias", {3 * d}}, {"attn.c_proj.bias", {d}}, {"attn.c_proj.weight", {d, d}},
      {"ln_2.weight", {d}},          {"ln_2.bias", {d}},        {"mlp.c_fc.weight", {d, m}},
      {"mlp.c_fc.bias", {m}},        {"mlp.c_proj.bias", {d}},  {"mlp.c_proj.weight", {m, d}}};
}

NamedShapes all_shapes(const ModelConfig& c) {
  NamedShapes result = {{"wte.weight", {c.vocabulary, c.d_model}},
                        {"wpe.weight", {c.positions, c.d_model}},
                        {"ln_f.weight", {c.d_model}},
                        {"ln_f.bias", {c.d_model}}};
  for (int layer = 0; layer < c.layers; ++layer)
    for (auto& [name, shape] : layer_shapes(c))
      result.emplace_back(fmt::format("h.{}.{}", layer, name), shape);
  return result;
}

/// Buffers with the causal mask, which older checkpoints carry along.
bool is_mask_buffer(const std::string& name) {
  return name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias");
}

/// The indices of an element, row-major.
Shape place_of(std::int64_t element, const Shape& shape) {
  Shape place = shape;
  for (std::size_t i = shape.size(); i-- > 0; element /= shape[i]) place[i] = element % shape[i];
  return place;
}

}  // namespace

StoredWeights::StoredWeights(const std::filesystem::path& folder, const ModelConfig& config)
    : StoredWeights(Checkpoint(folder), config) {}

StoredWeights::StoredWeights(Checkpoint checkpoint, const ModelConfig& config)
    : checkpoint_(std::move(checkpoint)), config_(config) {
  if (checkpoint_.find("transformer.wte.weight") != nullptr) {
    prefix_ = "transformer.";
  } else if (checkpoint_.find("wte.weight") == nullptr) {
    throw UserError(
        fmt::format("{}: holds neither 'wte.weight' nor 'transformer.wte.weight': this is no GPT-2 "
                    "checkpoint in Hugging Face form",
                    checkpoint_.folder().string()));
  }
  check_shapes();
  check_nothing_else();
  check_tied();
  for (int layer = 0; layer < config.layers; ++layer) {
    auto& list = by_layer_.emplace_back();
    for (const auto& [name, shape] : layer_shapes(config))
      list.push_back(&tensor(fmt::format("h.{}.{}", layer, name)));
  }
}

const StoredTensor& StoredWeights::tensor(const std::string& name) const {
  if (const StoredTensor* found = checkpoint_.find(prefix_ + name)) return *found;
  throw UserError(
      fmt::format("{}: tensor '{}{}' is missing, though config.json asks for it: the checkpoint is "
                  "incomplete, or "
                  "config.json belongs to another model",
                  checkpoint_.folder().string(), prefix_, name));
}

void StoredWeights::check_shapes() const {
  for (const auto& [name, shape] : all_shapes(config_)) {
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
  std::set<std::string> known = {"lm_head.weight"};
  for (const auto& [name, shape] : all_shapes(config_)) known.insert(prefix_ + name);
  for (const StoredTensor& stored : checkpoint_.tensors())
    if (!known.contains(stored.name) && !is_mask_buffer(stored.name))
      throw UserError(fmt::format(
          "{}: tensor '{}' is no part of a GPT-2 with {} layers: headsweep would ignore it and "
          "compute another model; remove it, or correct config.json",
          checkpoint_.folder().string(), stored.name, config_.layers));
}

void StoredWeights::check_tied() const {
  const StoredTensor* head = checkpoint_.find("lm_head.weight");
  if (head == nullptr) return;
  const StoredTensor& embedding = tensor("wte.weight");
  const bool same =
      head->type == embedding.type && head->bytes.size() == embedding.bytes.size() &&
      std::memcmp(head->bytes.data(), embedding.bytes.data(), head->bytes.size()) == 0;
  checkpoint_.release(*head);
  release_embedding();
  if (!same)
    throw UserError(
        fmt::format("{}: 'lm_head.weight' differs from '{}wte.weight': GPT-2's unembedding is its "
                    "embedding, and headsweep supports no other",
                    checkpoint_.folder().string(), prefix_));
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

std::vector<float> StoredWeights::values(const std::string& name, std::vector<float> used) const {
  const StoredTensor& stored = tensor(name);
  used.resize(static_cast<std::size_t>(stored.elements()));
  read(stored, 0, used);
  return used;
}

std::vector<float> StoredWeights::values(int layer, const std::string& name,
                                         std::vector<float> used) const {
  return values(fmt::format("h.{}.{}", layer, name), std::move(used));
}

void StoredWeights::read_row(int layer, const std::string& name, std::int64_t row,
                             std::span<float> out) const {
  const StoredTensor& stored = tensor(fmt::format("h.{}.{}", layer, name));
  assert(static_cast<std::int64_t>(out.size()) <= stored.shape[1]);
  read(stored, row * stored.shape[1], out);
}

void StoredWeights::read_embedding(int token, std::span<float> out) const {
  read(tensor("wte.weight"), static_cast<std::int64_t>(token) * config_.d_model, out);
}

void StoredWeights::release_layer(int layer) const {
  for (const StoredTensor* stored : by_layer_[static_cast<std::size_t>(layer)])
    checkpoint_.release(*stored);
}

void StoredWeights::release_embedding() const { checkpoint_.release(tensor("wte.weight")); }

void StoredWeights::discard_mlp(int layer) {
  for (const char* name : {"mlp.c_fc.weight", "mlp.c_proj.weight"})
    checkpoint_.discard(tensor(fmt::format("h.{}.{}", layer, name)));
}

long long StoredWeights::parameters() const {
  long long sum = 0;
  for (const auto& [name, shape] : all_shapes(config_)) sum += tensor(name).elements();
  return sum;
}

std::vector<std::string> StoredWeights::element_types() const {
  std::set<std::string> types;
  for (const auto& [name, shape] : all_shapes(config_)) types.insert(tensor(name).type_name);
  return {types.begin(), types.end()};
}

}  // namespace headsweep
