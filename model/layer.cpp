#include "model/layer.h"

#include <algorithm>

#include "model/numbers_below.h"

namespace headsweep {

namespace {

std::int64_t hidden_columns(const ModelConfig& config) {
  return std::max(config.d_mlp, config.d_model) + row_gap;
}

}  // namespace

std::int64_t scratch_numbers(const ModelConfig& config, std::int64_t rows) {
  return rows * (config.d_model + row_gap + 3 * config.d_model + hidden_columns(config));
}

Scratch make_scratch(const Model& model, std::int64_t rows) {
  const auto& config = model.config();
  Backend& backend = model.backend();
  return {allocate_numbers(backend, rows * (config.d_model + row_gap)),
          allocate_numbers(backend, rows * 3 * config.d_model),
          allocate_numbers(backend, rows * hidden_columns(config))};
}

void turn_heads(const Model& model, int heads, const Array<int>& positions, Matrix x) {
  if (model.config().is_rotary())
    model.backend().rotate(heads, model.rotation(), positions.data(), x);
}

void read_heads(const Model& model, int layer, const Sequences& sequences, std::int64_t prompts,
                Matrix x, Scratch& scratch, Matrix z) {
  Backend& backend = model.backend();
  const std::int64_t d = model.config().d_model;
  const int heads = model.config().heads;
  const Matrix normalized = as_spaced_matrix(scratch.normalized, x.rows, d);
  const Matrix projected = as_matrix(scratch.projected, x.rows, 3 * d);
  backend.layer_norm(x, model.layer(layer).attention_scale, model.config().layer_norm_epsilon,
                     normalized);
  backend.matmul(normalized, model.layer(layer).attention_input, Epilogue::store, projected);
  turn_heads(model, 2 * heads, sequences.device_positions, projected.part_of_columns(0, 2 * d));
  backend.attention(sequences.first(prompts), heads, Queries::every_position,
                    projected.part_of_columns(0, d), projected.part_of_columns(d, d),
                    projected.part_of_columns(2 * d, d), {}, z);
}

void write_heads(const Model& model, int layer, Matrix z, Matrix x) {
  model.backend().matmul(z, model.layer(layer).attention_output, Epilogue::accumulate, x);
}

namespace {

void run_mlp(const Model& model, int layer, Matrix before, Scratch& scratch, Epilogue epilogue,
             Matrix out) {
  Backend& backend = model.backend();
  const Matrix normalized = as_spaced_matrix(scratch.normalized, before.rows, before.columns);
  const Matrix hidden = as_spaced_matrix(scratch.hidden, before.rows, model.config().d_mlp);
  backend.layer_norm(before, model.layer(layer).mlp_scale, model.config().layer_norm_epsilon,
                     normalized);
  backend.matmul(
      normalized, model.layer(layer).mlp_input,
      model.config().activation == Activation::gelu ? Epilogue::gelu : Epilogue::gelu_tanh, hidden);
  backend.matmul(hidden, model.layer(layer).mlp_output, epilogue, out);
}

}  // namespace

void feed_forward(const Model& model, int layer, Matrix before, Scratch& scratch, Matrix x) {
  run_mlp(model, layer, before, scratch, Epilogue::accumulate, x);
}

void read_mlp(const Model& model, int layer, Matrix before, Scratch& scratch, Matrix out) {
  run_mlp(model, layer, before, scratch, Epilogue::store, out);
}

Numbers run_unablated(const Model& model, const std::vector<std::vector<int>>& tokens,
                      const Sequences& sequences, const Shown& show) {
  Backend& backend = model.backend();
  const std::int64_t rows = sequences.rows(), d = model.config().d_model;
  const Numbers residual = model.embed(tokens), outputs = allocate_numbers(backend, rows * d);
  const Matrix x = as_matrix(residual, rows, d), seen = as_matrix(outputs, rows, d);
  Scratch scratch = make_scratch(model, rows);
  // What a parallel layer's MLP reads is kept while attention adds to the stream.
  Numbers kept;
  Array<int> every_row;
  if (model.config().is_parallel()) {
    kept = allocate_numbers(backend, rows * d);
    every_row = to_device(backend, std::span<const int>(numbers_below(sequences.rows())));
  }
  const Matrix before = model.config().is_parallel() ? as_matrix(kept, rows, d) : x;
  for (int layer = 0; layer < model.config().layers; ++layer) {
    if (model.config().is_parallel()) backend.gather_rows(x, every_row.data(), before);
    read_heads(model, layer, sequences, sequences.prompts(), x, scratch, seen);
    show.heads(seen);
    write_heads(model, layer, seen, x);
    if (show.mlps) {
      read_mlp(model, layer, before, scratch, seen);
      show.mlps(seen);
    }
    feed_forward(model, layer, before, scratch, x);
  }
  return residual;
}

}  // namespace headsweep
