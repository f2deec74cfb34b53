// One layer of a model, as a list of verbs: read_heads, write_heads, feed_forward (or read_mlp).
// Sources: Radford et al. 2019 (GPT-2, a pre-layer-norm Transformer decoder); Black et al. 2022
// (GPT-NeoX: rotary positions, attention and MLP side by side).
#pragma once

#include <functional>
#include <vector>

#include "model/model.h"
#include "model/sequences.h"

namespace headsweep {

/// Memory for what a layer computes on the way, for up to `rows` rows.
struct Scratch {
  Numbers normalized;  // (rows, d_model), spaced
  Numbers projected;   // (rows, 3 * d_model)
  Numbers hidden;      // (rows, the larger of d_mlp and d_model), spaced
};
std::int64_t scratch_numbers(const ModelConfig& config, std::int64_t rows);  // how many it holds
Scratch make_scratch(const Model& model, std::int64_t rows);

/// z = every head's output before W_O, (rows, d_model), from the residual stream x (rows, d_model)
/// of the first `prompts` sequences.
void read_heads(const Model& model, int layer, const Sequences& sequences, std::int64_t prompts,
                Matrix x, Scratch& scratch, Matrix z);

/// Turns these queries or keys (rows, heads * d_head) by their rows' positions, if the model is
/// rotary.
void turn_heads(const Model& model, int heads, const Array<int>& positions, Matrix x);

/// x += z W_O + b_O.
void write_heads(const Model& model, int layer, Matrix z, Matrix x);

/// x += MLP(LN(before)); `before` is x itself, or, in a parallel layer, what x was before
/// attention.
void feed_forward(const Model& model, int layer, Matrix before, Scratch& scratch, Matrix x);

/// out = MLP(LN(before)), (rows, d_model).
void read_mlp(const Model& model, int layer, Matrix before, Scratch& scratch, Matrix out);

/// Sees a component's outputs, (rows, d_model), layer by layer.
using Show = std::function<void(Matrix outputs)>;
struct Shown {
  Show heads;      // z of all heads
  Show mlps = {};  // what MLPs add; computed only if it is seen
};

/// All layers on these sequences, nothing replaced. Returns the residual stream after the last,
/// (rows, d_model).
Numbers run_unablated(const Model& model, const std::vector<std::vector<int>>& tokens,
                      const Sequences& sequences, const Shown& show);

}  // namespace headsweep
