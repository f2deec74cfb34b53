#include "model/kernel_benchmark.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "kernels/cpu/machine_limits.h"
#include "kernels/cuda_plugin.h"
#include "model/numbers_below.h"

namespace headsweep {
namespace {

/// The best of many measurements, each of several calls in a row where a call is short: as in a
/// forward pass, where the next is asked for while a device computes the last. `call` is told how
/// many came before.
double best_seconds(Backend& backend, const std::function<void(int)>& call) {
  using Clock = std::chrono::steady_clock;
  constexpr double enough_seconds = 0.2, measurable_seconds = 1e-3;
  constexpr int fewest_calls = 10, most_calls = 10'000;
  constexpr double most_in_a_row = 100;
  double best = 1e9, total = 0;
  int done = 0;
  const auto measure = [&](int in_a_row) {
    const auto start = Clock::now();
    for (int i = 0; i < in_a_row; ++i) call(done++);
    backend.wait();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  measure(1);  // wakes threads and devices
  const auto in_a_row =
      static_cast<int>(std::clamp(measurable_seconds / measure(1), 1.0, most_in_a_row));
  while (done <= most_calls && (done <= fewest_calls || total < enough_seconds)) {
    const double seconds = measure(in_a_row);
    best = std::min(best, seconds / in_a_row);
    total += seconds;
  }
  return best;
}

/// Rows of a backend's numbers, all the same.
struct Rows {
  Numbers numbers;
  Matrix matrix;

  Rows(Backend& backend, std::int64_t rows, std::int64_t columns)
      : numbers(to_device(backend, std::vector<double>(
                                       static_cast<std::size_t>(rows * (columns + row_gap)), 0.5))),
        matrix(as_spaced_matrix(numbers, rows, columns)) {}
};

/// Where each sequence begins, and the last one ends.
std::vector<int> starts_of(int sequences, int longest, int rows) {
  std::vector<int> starts;
  for (int i = 0; i <= sequences; ++i) starts.push_back(std::min(i * longest, rows));
  return starts;
}

/// How long the arithmetic of a product takes at least.
double least_seconds(Rung rung, double flops, const MachineRates& limits) {
  switch (rung) {
    case Rung::bf16:
      return flops / limits.bfloat16_flops;
    case Rung::bf16x3:
      return 3 * flops / limits.bfloat16_flops;
    case Rung::fp32:
      return flops / limits.float32_flops;
    case Rung::fp64:
      break;
  }
  return flops / limits.float64_flops;
}

/// What a product reads of each of a weight's elements; the own ones in float64 read float32.
constexpr double weight_bytes(Rung rung) { return rung == Rung::bf16 ? 2 : 4; }

class Timing {
 public:
  Timing(Backend& backend, Rung rung, const LayerShape& shape, int rows, const MachineRates& limits)
      : backend_(backend), rung_(rung), shape_(shape), rows_(rows), limits_(limits) {}

  std::vector<OperationTime> all() {
    const int d = shape_.d_model, d_mlp = shape_.d_mlp;
    time_product("attention_input", d, 3 * d, Epilogue::store);
    time_attention();
    time_replace_heads();
    time_product("attention_output", d, d, Epilogue::accumulate);
    time_row_operations();
    time_product("mlp_input", d, d_mlp, Epilogue::gelu_tanh);
    time_product("mlp_output", d_mlp, d, Epilogue::accumulate);
    return std::move(times_);
  }

 private:
  void add(const std::string& operation, double seconds, double flops, double bytes) {
    const double least = std::max(
        {least_seconds(rung_, flops, limits_), bytes / limits_.read_bytes, limits_.launch_seconds});
    times_.push_back({name_of(rung_), operation, rows_, seconds, flops, bytes, least / seconds});
  }

  /// Bytes of so many matrices (rows, d_model).
  double bytes_of(int matrices) const {
    const auto element = static_cast<double>(headsweep::bytes_of(backend_.element()));
    return element * matrices * rows_ * shape_.d_model;
  }

  void time_product(const std::string& operation, int inputs, int outputs, Epilogue epilogue) {
    constexpr std::int64_t far_more_than_caches = std::int64_t{512} << 20;
    constexpr std::int64_t most_weights = 64;
    const std::vector<float> values(
        static_cast<std::size_t>(inputs) * static_cast<std::size_t>(outputs), 1e-3f);
    std::vector<Weight> weights;
    const std::int64_t bytes = backend_.packed_bytes(inputs, outputs);
    const std::int64_t count =
        std::clamp(far_more_than_caches / bytes, std::int64_t{2}, most_weights);
    for (std::int64_t i = 0; i < count; ++i)
      weights.push_back(pack(backend_, values, inputs, outputs, {}));
    const Rows in(backend_, rows_, inputs), out(backend_, rows_, outputs);
    const double seconds = best_seconds(backend_, [&](int call) {
      const auto weight = static_cast<std::size_t>(call % static_cast<int>(count));
      backend_.matmul(in.matrix, weights[weight], epilogue, out.matrix);
    });
    const double elements = static_cast<double>(inputs) * outputs;
    add(operation, seconds, 2 * elements * rows_, weight_bytes(rung_) * elements);
  }

  void time_attention() {
    constexpr int longest = 6;
    const int d = shape_.d_model, sequences = (rows_ + longest - 1) / longest;
    const std::vector<int> host_starts = starts_of(sequences, longest, rows_);
    const auto starts = to_device(backend_, std::span<const int>(host_starts));
    const Rows qkv(backend_, rows_, 3 * d), z(backend_, rows_, d);
    add("attention",
        best_seconds(backend_,
                     [&](int) {
                       backend_.attention({starts.data(), sequences, longest, host_starts.data()},
                                          shape_.heads, Queries::every_position,
                                          qkv.matrix.part_of_columns(0, d),
                                          qkv.matrix.part_of_columns(d, d),
                                          qkv.matrix.part_of_columns(2 * d, d), {}, z.matrix);
                     }),
        0, bytes_of(4));
  }

  void time_replace_heads() {
    const Rows from(backend_, rows_, shape_.d_model), to(backend_, rows_, shape_.d_model),
        values(backend_, rows_, shape_.d_model);
    const auto row = to_device(backend_, std::span<const int>(numbers_below(rows_))),
               head = to_device(backend_, std::span<const int>(numbers_below(shape_.heads)));
    std::vector<std::uint8_t> every_second(static_cast<std::size_t>(rows_ * shape_.heads));
    for (std::size_t i = 0; i < every_second.size(); ++i) every_second[i] = i % 2;
    const auto keep = to_device(backend_, std::span<const std::uint8_t>(every_second));
    const HeadFill fill{values.matrix, row.data(), head.data(), keep.data(), shape_.heads};
    add("replace_heads",
        best_seconds(backend_, [&](int) { backend_.replace_heads(fill, from.matrix, to.matrix); }),
        0, bytes_of(2));
  }

  void time_row_operations() {
    const Rows a(backend_, rows_, shape_.d_model), b(backend_, rows_, shape_.d_model);
    const auto row = to_device(backend_, std::span<const int>(numbers_below(rows_)));
    const auto dots = allocate<double>(backend_, rows_);
    add("add_rows",
        best_seconds(backend_, [&](int) { backend_.add_rows(a.matrix, row.data(), b.matrix); }), 0,
        bytes_of(3));
    add("layer_norm",
        best_seconds(backend_, [&](int) { backend_.layer_norm(a.matrix, {}, 1e-5, b.matrix); }), 0,
        bytes_of(2));
    add("gather_rows",
        best_seconds(backend_, [&](int) { backend_.gather_rows(a.matrix, row.data(), b.matrix); }),
        0, bytes_of(2));
    add("row_dots",
        best_seconds(backend_, [&](int) { backend_.row_dots(a.matrix, b.matrix, dots.data()); }), 0,
        bytes_of(2));
  }

  Backend& backend_;
  Rung rung_;
  LayerShape shape_;
  int rows_;
  MachineRates limits_;
  std::vector<OperationTime> times_;
};

}  // namespace

MachineRates measure_machine_rates(const Device& device) {
  if (device.gpu) {
    const GpuLimits limits = cuda_plugin().functions->measure_limits(device.gpu->number);
    return {limits.float32_flops, limits.bfloat16_flops, limits.float64_flops, limits.memory_bytes,
            limits.launch_seconds};
  }
  const cpu::MachineLimits limits = cpu::measure_limits(device.threads);
  return {limits.float32_flops, limits.bfloat16_flops, limits.float64_flops, limits.read_bytes, 0};
}

std::vector<OperationTime> time_operations(Backend& backend, Rung rung, const LayerShape& shape,
                                           int rows, const MachineRates& limits) {
  return Timing(backend, rung, shape, rows, limits).all();
}

}  // namespace headsweep
