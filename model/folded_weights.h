// The weights in the form in which headsweep computes. Matrices are the checkpoint's numbers as
// they are, so that they can be packed once for several precisions. The shift of each layer norm is
// folded into the bias that follows it, its scale is left to Backend::layer_norm(); value biases
// are folded into the output bias (a pattern's weights sum to one). Of the final layer norm both
// are folded into the unembedding. None of it changes what the model computes; zero ablation is
// defined after the folding.
// Source: TransformerLens, fold_ln and fold_value_biases.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "model/stored_weights.h"

namespace headsweep {

/// A weight (inputs, outputs), row-major, and its bias (outputs).
struct HostWeight {
  std::int64_t inputs = 0, outputs = 0;
  std::vector<float> weight;
  std::vector<double> bias;
};

/// Which of a layer's query, key and value columns.
enum class AttentionInputs { queries_keys_values, queries, keys_values };

class FoldedWeights {
 public:
  /// `stored` must outlive this.
  FoldedWeights(const StoredWeights& stored, const ModelConfig& config);

  // Each takes a weight whose memory it may use again: fresh pages for hundreds of megabytes take
  // longer than the work.

  /// Query, key and value columns of these heads: parts side by side, the heads of a part in the
  /// given order.
  HostWeight attention_input(int layer, std::span<const int> heads, AttentionInputs wanted,
                             HostWeight used = {}) const;
  /// W_O rows of these heads, (heads * d_head, d_model), without the bias: that is the layer's,
  /// attention_bias().
  HostWeight attention_output(int layer, std::span<const int> heads, HostWeight used = {}) const;
  /// b_O with the value biases of all heads: what the layer adds to the residual stream whatever
  /// its heads do.
  std::vector<double> attention_bias(int layer) const;
  HostWeight mlp_input(int layer, HostWeight used = {}) const;   // (d_model, d_mlp)
  HostWeight mlp_output(int layer, HostWeight used = {}) const;  // (d_mlp, d_model)

  /// The scale of the layer norm before a layer's attention, or its MLP, (d_model).
  std::vector<double> attention_scale(int layer) const;
  std::vector<double> mlp_scale(int layer) const;

  /// A token's column of the unembedding and its bias, final layer norm folded in.
  struct Direction {
    std::vector<double> column;  // (d_model)
    double bias = 0;
  };
  Direction unembedding(int token) const;

 private:
  std::vector<double> doubles(int layer, LayerTensor tensor) const;
  std::array<Range, 1> all_rows() const { return {Range{0, config_.d_model}}; }

  const StoredWeights& stored_;
  ModelConfig config_;
  std::vector<float> final_scale_, final_shift_;  // (d_model)
};

}  // namespace headsweep
