// A model with ablated heads and MLPs as plain loops in float64: what the tests hold CircuitForward
// against. It follows the semantics word by word and knows none of CircuitForward's ways: weights
// as they are stored, every layer norm with its scale and shift, every prompt and every position
// computed.
#pragma once

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/checkpoint.h"
#include "io/job.h"
#include "model/ablation.h"
#include "model/circuit.h"
#include "model/config.h"
#include "model/prompt_batch.h"
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

/// The model, one prompt at a time. It reads the checkpoint by Hugging Face's names, for itself.
class PlainModel {
 public:
  explicit PlainModel(const std::filesystem::path& folder)
      : config_(read_config(folder)), checkpoint_(folder) {
    if (is_neox()) {
      read_neox();
    } else {
      read_gpt2();
    }
  }

  const ModelConfig& config() const { return config_; }

  /// What takes the place of a head's output (d_head), or an MLP's (d_model); nullptr: nothing
  /// does.
  struct Replacement {
    std::function<const double*(int layer, int head, std::size_t position)> of_head =
        [](int, int, std::size_t) { return nullptr; };
    std::function<const double*(int layer, std::size_t position)> of_mlp = [](int, std::size_t) {
      return nullptr;
    };
  };

  using Outputs = std::vector<std::vector<Row>>;  // [layer][position] (d_model)
  struct Outcome {
    Outputs heads, mlps;  // z of all heads, and what MLPs add; replaced where they are
    Row last;             // (d_model): the last position after the final layer norm
  };

  Outcome run(const std::vector<int>& tokens, const Replacement& replacement) const {
    Outcome outcome;
    std::vector<Row> x = embed(tokens);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      std::vector<Row> z = attention(layers_[l], x);
      std::vector<Row>& mlps = outcome.mlps.emplace_back();
      for (std::size_t p = 0; p < x.size(); ++p) {
        const Row before = x[p];
        replace(static_cast<int>(l), p, replacement, z[p]);
        add(times(z[p], layers_[l].output, layers_[l].output_bias), x[p]);
        mlps.push_back(mlp(layers_[l], config_.is_parallel() ? before : x[p]));
        if (const double* value = replacement.of_mlp(static_cast<int>(l), p))
          std::copy_n(value, config_.d_model, mlps.back().begin());
        add(mlps.back(), x[p]);
      }
      outcome.heads.push_back(std::move(z));
    }
    outcome.last = normalized(x.back(), final_norm_);
    return outcome;
  }

  double logit_difference(const Outcome& outcome, int answer, int distractor) const {
    const Row a = row_of(unembedding_, answer), d = row_of(unembedding_, distractor);
    return dot(outcome.last.data(), a.data(), a.size()) -
           dot(outcome.last.data(), d.data(), d.size());
  }

  /// What the biases alone make of a layer's z (d_model), since a pattern's weights sum to one.
  /// Zero ablation is defined after the value biases have been folded into b_O: what is ablated
  /// there is z less this.
  Row value_bias(int layer) const {
    const Layer& weights = layers_[static_cast<std::size_t>(layer)];
    const Row projected = times(weights.before_attention.shift, weights.input, weights.input_bias);
    Row values;
    for (std::size_t head = 0; head < heads(); ++head)
      values.insert(values.end(), projected.begin() + at(head, value),
                    projected.begin() + at(head, value) + config_.d_head());
    return values;
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

  bool is_neox() const { return config_.kind == ModelKind::gpt_neox; }
  std::size_t heads() const { return static_cast<std::size_t>(config_.heads); }

  const StoredTensor& tensor(const std::string& name) const { return *checkpoint_.find(name); }
  Row values(const std::string& name) const {
    const StoredTensor& stored = tensor(name);
    std::vector<float> floats(static_cast<std::size_t>(stored.elements()));
    read_floats(stored, 0, floats);
    return {floats.begin(), floats.end()};
  }
  Norm norm(const std::string& name) const {
    return {values(name + ".weight"), values(name + ".bias")};
  }
  /// Of (outputs, inputs).
  Row transposed(const std::string& name) const {
    const Row stored = values(name);
    const auto inputs = static_cast<std::size_t>(tensor(name).shape[1]),
               outputs = stored.size() / inputs;
    Row result(stored.size());
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t i = 0; i < inputs; ++i) result[i * outputs + o] = stored[o * inputs + i];
    return result;
  }
  Row row_of(const StoredTensor* table, int token) const {
    std::vector<float> row(static_cast<std::size_t>(config_.d_model));
    read_floats(*table, std::int64_t{token} * config_.d_model, row);
    return {row.begin(), row.end()};
  }

  void read_gpt2() {
    const std::string prefix = checkpoint_.find("wte.weight") ? "" : "transformer.";
    embedding_ = unembedding_ = &tensor(prefix + "wte.weight");
    positions_ = values(prefix + "wpe.weight");
    final_norm_ = norm(prefix + "ln_f");
    for (int l = 0; l < config_.layers; ++l) {
      const std::string h = prefix + "h." + std::to_string(l) + ".";
      layers_.push_back({norm(h + "ln_1"), norm(h + "ln_2"), values(h + "attn.c_attn.weight"),
                         values(h + "attn.c_attn.bias"), values(h + "attn.c_proj.weight"),
                         values(h + "attn.c_proj.bias"), values(h + "mlp.c_fc.weight"),
                         values(h + "mlp.c_fc.bias"), values(h + "mlp.c_proj.weight"),
                         values(h + "mlp.c_proj.bias")});
    }
  }

  void read_neox() {
    embedding_ = &tensor("gpt_neox.embed_in.weight");
    unembedding_ = &tensor("embed_out.weight");
    final_norm_ = norm("gpt_neox.final_layer_norm");
    for (int l = 0; l < config_.layers; ++l) {
      const std::string h = "gpt_neox.layers." + std::to_string(l) + ".";
      layers_.push_back(
          {norm(h + "input_layernorm"), norm(h + "post_attention_layernorm"),
           transposed(h + "attention.query_key_value.weight"),
           values(h + "attention.query_key_value.bias"), transposed(h + "attention.dense.weight"),
           values(h + "attention.dense.bias"), transposed(h + "mlp.dense_h_to_4h.weight"),
           values(h + "mlp.dense_h_to_4h.bias"), transposed(h + "mlp.dense_4h_to_h.weight"),
           values(h + "mlp.dense_4h_to_h.bias")});
    }
  }

  static void add(const Row& more, Row& x) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += more[i];
  }

  std::vector<Row> embed(const std::vector<int>& tokens) const {
    std::vector<Row> x;
    for (const int token : tokens) {
      x.push_back(row_of(embedding_, token));
      if (is_neox()) continue;
      const auto position =
          positions_.begin() + (std::ssize(x) - 1) * static_cast<std::ptrdiff_t>(config_.d_model);
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

  enum Part { query, key, value };
  /// Where a head's part begins in what attention's input matrix gives, in the stored order.
  std::ptrdiff_t at(std::size_t head, Part part) const {
    const std::ptrdiff_t h = static_cast<std::ptrdiff_t>(head), d_head = config_.d_head();
    return is_neox() ? (3 * h + part) * d_head : part * config_.d_model + h * d_head;
  }

  /// A head's query or key, turned by its position where the model is rotary: GPT-NeoX's pairs, the
  /// first half of the turned columns with the second.
  Row turned(const Row& qkv, std::size_t head, Part part, std::size_t position) const {
    Row row(qkv.begin() + at(head, part), qkv.begin() + at(head, part) + config_.d_head());
    const auto pairs = static_cast<std::size_t>(config_.rotary_columns / 2);
    for (std::size_t i = 0; i < pairs; ++i) {
      const double angle =
          static_cast<double>(position) *
          std::pow(config_.rotary_base, -static_cast<double>(i) / static_cast<double>(pairs));
      const double a = row[i], b = row[i + pairs];
      row[i] = a * std::cos(angle) - b * std::sin(angle);
      row[i + pairs] = b * std::cos(angle) + a * std::sin(angle);
    }
    return row;
  }

  /// z (positions, d_model).
  std::vector<Row> attention(const Layer& layer, const std::vector<Row>& x) const {
    const auto d_head = static_cast<std::size_t>(config_.d_head());
    std::vector<Row> qkv, z;
    for (const Row& row : x)
      qkv.push_back(times(normalized(row, layer.before_attention), layer.input, layer.input_bias));
    for (std::size_t p = 0; p < x.size(); ++p) {
      Row& out = z.emplace_back(heads() * d_head);
      for (std::size_t head = 0; head < heads(); ++head) {
        const Row q = turned(qkv[p], head, query, p);
        Row weights;
        double total = 0;
        for (std::size_t from = 0; from <= p; ++from) {
          const Row k = turned(qkv[from], head, key, from);
          const double score = dot(q.data(), k.data(), d_head);
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(d_head))));
          total += weights.back();
        }
        for (std::size_t from = 0; from <= p; ++from) {
          const double* v = &qkv[from][static_cast<std::size_t>(at(head, value))];
          for (std::size_t i = 0; i < d_head; ++i)
            out[head * d_head + i] += weights[from] / total * v[i];
        }
      }
    }
    return z;
  }

  void replace(int layer, std::size_t position, const Replacement& replacement, Row& z) const {
    for (int head = 0; head < config_.heads; ++head)
      if (const double* value = replacement.of_head(layer, head, position))
        std::copy_n(value, config_.d_head(), z.begin() + head * config_.d_head());
  }

  Row mlp(const Layer& layer, const Row& x) const {
    Row hidden = times(normalized(x, layer.before_mlp), layer.hidden, layer.hidden_bias);
    const bool tanh_form = config_.activation == Activation::gelu_tanh;
    for (double& value : hidden) value = tanh_form ? gelu_tanh(value) : gelu(value);
    return times(hidden, layer.written, layer.written_bias);
  }

  ModelConfig config_;
  Checkpoint checkpoint_;
  const StoredTensor *embedding_ = nullptr, *unembedding_ = nullptr;  // (vocabulary, d_model)
  Norm final_norm_;
  Row positions_;  // (positions, d_model); GPT-2's
  std::vector<Layer> layers_;
};

/// A family's circuits on it. `corrupted` as the family has them, without padding; `padding` is
/// <|endoftext|>.
class PlainExperiment {
 public:
  PlainExperiment(const PlainModel& model, const PromptBatch& clean, const PromptBatch& corrupted,
                  int padding, const AblationRule& rule)
      : model_(model), clean_(clean), corrupted_(corrupted), rule_(rule) {
    const auto longest = static_cast<std::size_t>(std::max(clean.longest(), corrupted.longest()));
    for (std::vector<int>& tokens : corrupted_.tokens) {
      if (rule.positions == Positions::union_of_corrupted) tokens.resize(longest, padding);
      unablated_.push_back(model.run(tokens, {}));
    }
    for (std::size_t b = 0; b < clean.tokens.size(); ++b) {
      head_fills_.push_back(fill(clean_, b, unablated_, &PlainModel::Outcome::heads));
      mlp_fills_.push_back(fill(clean_, b, unablated_, &PlainModel::Outcome::mlps));
    }
    for (std::size_t c = 0; c < corrupted_.tokens.size(); ++c)
      own_fills_.push_back(fill(corrupted_, c, unablated_, &PlainModel::Outcome::heads));
  }

  /// Logit differences, (prompts).
  std::vector<double> full() const {
    std::vector<double> result;
    for (std::size_t b = 0; b < clean_.tokens.size(); ++b) result.push_back(difference(b, {}));
    return result;
  }

  std::vector<double> run(const Circuit& circuit) const {
    const std::vector<Outputs> masked = fills_under_head_mask(circuit);
    std::vector<double> result;
    for (std::size_t b = 0; b < clean_.tokens.size(); ++b) {
      const Outputs& mlps = masked.empty() ? mlp_fills_[b] : masked[b];
      PlainModel::Replacement replacement;
      replacement.of_head = ablated_heads(circuit, clean_, b, head_fills_[b]);
      replacement.of_mlp = [&](int layer, std::size_t position) -> const double* {
        if (!mlps_take_part(circuit.components())) return nullptr;
        if (circuit.keeps_mlp(layer) && stands_anywhere(clean_, b, position)) return nullptr;
        return mlps[static_cast<std::size_t>(layer)][position].data();
      };
      result.push_back(difference(b, replacement));
    }
    return result;
  }

 private:
  using Outputs = PlainModel::Outputs;
  using Outcomes = std::vector<PlainModel::Outcome>;

  bool keeps(const Circuit& circuit, int layer, int head, const PromptBatch& prompts, std::size_t b,
             std::size_t position) const {
    if (!heads_take_part(circuit.components())) return true;
    if (rule_.positions == Positions::all) return circuit.keeps(layer, head);
    for (int n = 0; n < static_cast<int>(prompts.position_names.size()); ++n)
      if (circuit.keeps(layer, head, circuit.positions() == 1 ? 0 : n) &&
          stands_at(n, prompts, b, position))
        return true;
    return false;
  }

  bool stands_anywhere(const PromptBatch& prompts, std::size_t b, std::size_t position) const {
    if (rule_.positions == Positions::all) return true;
    for (int n = 0; n < static_cast<int>(prompts.position_names.size()); ++n)
      if (stands_at(n, prompts, b, position)) return true;
    return false;
  }

  /// Whether the name's position in prompt b counts as `position`.
  bool stands_at(int name, const PromptBatch& prompts, std::size_t b, std::size_t position) const {
    const auto n = static_cast<std::size_t>(name);
    if (rule_.positions == Positions::own)
      return prompts.positions[b][n] == static_cast<int>(position);
    for (const auto& places : corrupted_.positions)
      if (places[n] == static_cast<int>(position)) return true;
    return false;
  }

  std::function<const double*(int, int, std::size_t)> ablated_heads(const Circuit& circuit,
                                                                    const PromptBatch& prompts,
                                                                    std::size_t b,
                                                                    const Outputs& fill) const {
    return [&, b](int layer, int head, std::size_t position) -> const double* {
      if (keeps(circuit, layer, head, prompts, b, position)) return nullptr;
      return &fill[static_cast<std::size_t>(layer)][position]
                  [static_cast<std::size_t>(head) *
                   static_cast<std::size_t>(model_.config().d_head())];
    };
  }

  double difference(std::size_t b, const PlainModel::Replacement& replacement) const {
    return model_.logit_difference(model_.run(clean_.tokens[b], replacement), clean_.answers[b],
                                   clean_.distractors[b]);
  }

  /// By clean prompt; empty where MLPs have the fills of the unablated model.
  std::vector<Outputs> fills_under_head_mask(const Circuit& circuit) const {
    if (rule_.mlp_means == MlpMeans::clean) return {};
    Outcomes masked;
    for (std::size_t c = 0; c < corrupted_.tokens.size(); ++c) {
      PlainModel::Replacement replacement;
      replacement.of_head = ablated_heads(circuit, corrupted_, c, own_fills_[c]);
      masked.push_back(model_.run(corrupted_.tokens[c], replacement));
    }
    std::vector<Outputs> fills;
    for (std::size_t b = 0; b < clean_.tokens.size(); ++b)
      fills.push_back(fill(clean_, b, masked, &PlainModel::Outcome::mlps));
    return fills;
  }

  /// What ablation puts in the place of prompt b's outputs of this kind.
  Outputs fill(const PromptBatch& prompts, std::size_t b, const Outcomes& corrupted,
               Outputs PlainModel::Outcome::*kind) const {
    Outputs fill;
    for (int l = 0; l < model_.config().layers; ++l) {
      const auto layer = static_cast<std::size_t>(l);
      auto& rows = fill.emplace_back();
      for (std::size_t p = 0; p < prompts.tokens[b].size(); ++p)
        rows.push_back(rule_.kind == Ablation::zero ? zero(l, kind)
                       : rule_.kind == Ablation::resample
                           ? (corrupted[b].*kind)[layer][p]
                           : mean(prompts.templates[b], corrupted, kind, layer, p));
    }
    return fill;
  }

  Row zero(int layer, Outputs PlainModel::Outcome::*kind) const {
    return kind == &PlainModel::Outcome::heads
               ? model_.value_bias(layer)
               : Row(static_cast<std::size_t>(model_.config().d_model));
  }

  /// Over the corrupted prompts of the template that have the position.
  Row mean(int template_id, const Outcomes& corrupted, Outputs PlainModel::Outcome::*kind,
           std::size_t layer, std::size_t position) const {
    Row sum(static_cast<std::size_t>(model_.config().d_model));
    int count = 0;
    for (std::size_t c = 0; c < corrupted.size(); ++c) {
      const auto& rows = (corrupted[c].*kind)[layer];
      if (corrupted_.templates[c] != template_id || position >= rows.size()) continue;
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += rows[position][i];
      ++count;
    }
    for (double& value : sum) value /= count;
    return sum;
  }

  const PlainModel& model_;
  PromptBatch clean_, corrupted_;
  AblationRule rule_;
  Outcomes unablated_;                           // (corrupted prompts)
  std::vector<Outputs> head_fills_, mlp_fills_;  // (clean prompts)
  std::vector<Outputs> own_fills_;               // (corrupted prompts), of heads
};

}  // namespace headsweep::reference
