// GPT-2 with ablated heads as plain loops in float64: what the tests hold CircuitForward against.
// It follows the semantics word by word and knows none of CircuitForward's ways: weights as they
// are stored, every layer norm with its scale and shift, every prompt and every position computed.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/job.h"
#include "model/circuit.h"
#include "model/config.h"
#include "model/prompt_batch.h"
#include "model/stored_weights.h"
#include "tests/reference.h"

namespace headsweep::reference {

using Row = std::vector<double>;

/// row (inputs) times weight (inputs, outputs) plus bias (outputs).
inline Row times(const Row& row, const Row& weight, Row bias) {
  for (std::size_t i = 0; i < row.size(); ++i)
    for (std::size_t o = 0; o < bias.size(); ++o) bias[o] += row[i] * weight[i * bias.size() + o];
  return bias;
}

inline double dot(const double* a, const double* b, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

/// The model, one prompt at a time.
class PlainGpt2 {
 public:
  explicit PlainGpt2(const std::filesystem::path& folder)
      : config_(read_config(folder)), stored_(folder, config_), final_norm_(norm("ln_f")) {
    positions_ = doubles(stored_.values("wpe.weight"));
    for (int l = 0; l < config_.layers; ++l) {
      const auto of_layer = [&](const std::string& name) {
        return doubles(stored_.values(l, name));
      };
      const std::string h = "h." + std::to_string(l) + ".";
      layers_.push_back({norm(h + "ln_1"), norm(h + "ln_2"), of_layer("attn.c_attn.weight"),
                         of_layer("attn.c_attn.bias"), of_layer("attn.c_proj.weight"),
                         of_layer("attn.c_proj.bias"), of_layer("mlp.c_fc.weight"),
                         of_layer("mlp.c_fc.bias"), of_layer("mlp.c_proj.weight"),
                         of_layer("mlp.c_proj.bias")});
    }
  }

  const Gpt2Config& config() const { return config_; }

  /// What takes the place of a head's output (d_head); nullptr: nothing does.
  using Replacement = std::function<const double*(int layer, int head, std::size_t position)>;

  struct Outcome {
    std::vector<std::vector<Row>>
        heads;  // [layer][position] (d_model): z of all heads, replaced where it is
    Row last;   // (d_model): the last position after the final layer norm
  };

  Outcome run(const std::vector<int>& tokens, const Replacement& replacement) const {
    Outcome outcome;
    std::vector<Row> x = embed(tokens);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      std::vector<Row> z = attention(layers_[l], x);
      for (std::size_t p = 0; p < x.size(); ++p) {
        replace(static_cast<int>(l), p, replacement, z[p]);
        add(times(z[p], layers_[l].output, layers_[l].output_bias), x[p]);
        add(mlp(layers_[l], x[p]), x[p]);
      }
      outcome.heads.push_back(std::move(z));
    }
    outcome.last = normalized(x.back(), final_norm_);
    return outcome;
  }

  double logit_difference(const Outcome& outcome, int answer, int distractor) const {
    const Row a = embedding(answer), d = embedding(distractor);
    return dot(outcome.last.data(), a.data(), a.size()) -
           dot(outcome.last.data(), d.data(), d.size());
  }

  /// What the biases alone make of a layer's z (d_model), since a pattern's weights sum to one.
  /// Zero ablation is defined after the value biases have been folded into b_O: what is ablated
  /// there is z less this.
  Row value_bias(int layer) const {
    const Layer& weights = layers_[static_cast<std::size_t>(layer)];
    const Row projected = times(weights.before_attention.shift, weights.input, weights.input_bias);
    return {projected.end() - config_.d_model, projected.end()};
  }

 private:
  struct Norm {
    Row scale, shift;
  };
  struct Layer {
    Norm before_attention, before_mlp;
    Row input, input_bias, output, output_bias;      // attention
    Row hidden, hidden_bias, written, written_bias;  // mlp
  };

  static Row doubles(const std::vector<float>& values) { return {values.begin(), values.end()}; }
  Norm norm(const std::string& name) const {
    return {doubles(stored_.values(name + ".weight")), doubles(stored_.values(name + ".bias"))};
  }

  static void add(const Row& more, Row& x) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += more[i];
  }

  Row embedding(int token) const {
    std::vector<float> row(static_cast<std::size_t>(config_.d_model));
    stored_.read_embedding(token, row);
    return doubles(row);
  }

  std::vector<Row> embed(const std::vector<int>& tokens) const {
    std::vector<Row> x;
    for (const int token : tokens) {
      const auto position =
          positions_.begin() + static_cast<std::ptrdiff_t>(x.size()) * config_.d_model;
      x.push_back(embedding(token));
      add(Row(position, position + config_.d_model), x.back());
    }
    return x;
  }

  Row normalized(const Row& x, const Norm& norm) const {
    double mean = 0, variance = 0;
    for (const double value : x) mean += value / static_cast<double>(x.size());
    for (const double value : x)
      variance += (value - mean) * (value - mean) / static_cast<double>(x.size());
    Row result;
    for (std::size_t i = 0; i < x.size(); ++i)
      result.push_back((x[i] - mean) / std::sqrt(variance + config_.layer_norm_epsilon) *
                           norm.scale[i] +
                       norm.shift[i]);
    return result;
  }

  /// z (positions, d_model).
  std::vector<Row> attention(const Layer& layer, const std::vector<Row>& x) const {
    const auto d = static_cast<std::size_t>(config_.d_model),
               d_head = static_cast<std::size_t>(config_.d_head());
    std::vector<Row> qkv, z;
    for (const Row& row : x)
      qkv.push_back(times(normalized(row, layer.before_attention), layer.input, layer.input_bias));
    for (std::size_t p = 0; p < x.size(); ++p) {
      Row& out = z.emplace_back(d);
      for (std::size_t column = 0; column < d; column += d_head) {
        Row weights;
        double total = 0;
        for (std::size_t key = 0; key <= p; ++key) {
          const double score = dot(&qkv[p][column], &qkv[key][d + column], d_head);
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(d_head))));
          total += weights.back();
        }
        for (std::size_t key = 0; key <= p; ++key)
          for (std::size_t i = 0; i < d_head; ++i)
            out[column + i] += weights[key] / total * qkv[key][2 * d + column + i];
      }
    }
    return z;
  }

  void replace(int layer, std::size_t position, const Replacement& replacement, Row& z) const {
    for (int head = 0; head < config_.heads; ++head)
      if (const double* value = replacement(layer, head, position))
        std::copy_n(value, config_.d_head(), z.begin() + head * config_.d_head());
  }

  Row mlp(const Layer& layer, const Row& x) const {
    Row hidden = times(normalized(x, layer.before_mlp), layer.hidden, layer.hidden_bias);
    for (double& value : hidden) value = gelu(value);
    return times(hidden, layer.written, layer.written_bias);
  }

  Gpt2Config config_;
  StoredWeights stored_;
  Norm final_norm_;
  Row positions_;  // (positions, d_model)
  std::vector<Layer> layers_;
};

/// A family's circuits on it. `corrupted` as the family has them, without padding; `padding` is
/// <|endoftext|>.
class PlainExperiment {
 public:
  PlainExperiment(const PlainGpt2& model, const PromptBatch& clean, const PromptBatch& corrupted,
                  int padding, Ablation ablation, Positions positions)
      : model_(model), clean_(clean), corrupted_(corrupted), positions_(positions) {
    const int longest = std::max(clean.longest(), corrupted.longest());
    for (std::vector<int> tokens : corrupted.tokens) {
      if (positions == Positions::union_of_corrupted)
        tokens.resize(static_cast<std::size_t>(longest), padding);
      corrupted_heads_.push_back(model.run(tokens, nothing).heads);
    }
    for (std::size_t b = 0; b < clean.tokens.size(); ++b) fills_.push_back(make_fill(b, ablation));
  }

  /// Logit differences, (prompts).
  std::vector<double> full() const {
    std::vector<double> result;
    for (std::size_t b = 0; b < clean_.tokens.size(); ++b) result.push_back(difference(b, nothing));
    return result;
  }

  std::vector<double> run(const Circuit& circuit) const {
    std::vector<double> result;
    for (std::size_t b = 0; b < clean_.tokens.size(); ++b)
      result.push_back(
          difference(b, [&](int layer, int head, std::size_t position) -> const double* {
            if (keeps(circuit, layer, head, b, position)) return nullptr;
            return &fills_[b][static_cast<std::size_t>(layer)][position]
                          [static_cast<std::size_t>(head) *
                           static_cast<std::size_t>(model_.config().d_head())];
          }));
    return result;
  }

  bool keeps(const Circuit& circuit, int layer, int head, std::size_t b,
             std::size_t position) const {
    if (positions_ == Positions::all) return circuit.keeps(layer, head);
    for (int n = 0; n < static_cast<int>(clean_.position_names.size()); ++n)
      if (circuit.keeps(layer, head, circuit.positions() == 1 ? 0 : n) && stands_at(n, b, position))
        return true;
    return false;
  }

 private:
  using Heads = std::vector<std::vector<Row>>;  // [layer][position] (d_model)

  static const double* nothing(int, int, std::size_t) { return nullptr; }

  /// Whether the name's position in clean prompt b counts as `position`.
  bool stands_at(int name, std::size_t b, std::size_t position) const {
    const auto n = static_cast<std::size_t>(name);
    if (positions_ == Positions::own) return clean_.positions[b][n] == static_cast<int>(position);
    for (const auto& places : corrupted_.positions)
      if (places[n] == static_cast<int>(position)) return true;
    return false;
  }

  double difference(std::size_t b, const PlainGpt2::Replacement& replacement) const {
    return model_.logit_difference(model_.run(clean_.tokens[b], replacement), clean_.answers[b],
                                   clean_.distractors[b]);
  }

  Heads make_fill(std::size_t b, Ablation ablation) const {
    Heads fill;
    for (int layer = 0; layer < model_.config().layers; ++layer) {
      auto& rows = fill.emplace_back();
      for (std::size_t p = 0; p < clean_.tokens[b].size(); ++p)
        rows.push_back(ablation == Ablation::zero ? model_.value_bias(layer)
                       : ablation == Ablation::resample
                           ? corrupted_heads_[b][static_cast<std::size_t>(layer)][p]
                           : mean(clean_.templates[b], static_cast<std::size_t>(layer), p));
    }
    return fill;
  }

  /// Over the corrupted prompts of the template that have the position.
  Row mean(int template_id, std::size_t layer, std::size_t position) const {
    Row sum(static_cast<std::size_t>(model_.config().d_model));
    int count = 0;
    for (std::size_t c = 0; c < corrupted_.tokens.size(); ++c) {
      const auto& rows = corrupted_heads_[c][layer];
      if (corrupted_.templates[c] != template_id || position >= rows.size()) continue;
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += rows[position][i];
      ++count;
    }
    for (double& value : sum) value /= count;
    return sum;
  }

  const PlainGpt2& model_;
  PromptBatch clean_, corrupted_;
  Positions positions_;
  std::vector<Heads> corrupted_heads_;  // (corrupted prompts), unablated
  std::vector<Heads> fills_;            // (clean prompts)
};

}  // namespace headsweep::reference
