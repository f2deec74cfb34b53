// The matrix products of a sweep in every precision, the own ones against a library's: the MLPs of
// gpt2-medium's 24 layers, one after the other, each with its own weights, as an evaluation meets
// them.
//
//   OMP_NUM_THREADS=2 products_bench [RUNG...]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "kernels/cpu/cpu_backend.h"

namespace {

using namespace headsweep;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t layers = 24, d_model = 1024, d_mlp = 4096;

std::vector<float> random_weight() {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.03f, 0.03f);
  std::vector<float> values(d_model * d_mlp);
  for (float& value : values) value = uniform(random);
  return values;
}

/// An MLP's two weights, packed.
struct MlpMemory {
  std::shared_ptr<void> input, output;
};
/// By weight form: 0.8 GB each.
using Memories = std::map<std::string, std::vector<MlpMemory>>;

const std::vector<MlpMemory>& packed_mlps(Backend& backend, Memories& memories) {
  std::vector<MlpMemory>& mlps = memories[backend.info().weight_form];
  if (!mlps.empty()) return mlps;
  const std::vector<float> values = random_weight();
  const auto packed = [&](std::int64_t inputs, std::int64_t outputs) {
    std::shared_ptr<void> memory = backend.allocate_bytes(backend.packed_bytes(inputs, outputs));
    backend.pack_into(values, inputs, outputs, {}, memory.get());
    return memory;
  };
  for (int layer = 0; layer < layers; ++layer)
    mlps.push_back({packed(d_model, d_mlp), packed(d_mlp, d_model)});
  return mlps;
}

/// One way to multiply, with all layers' weights.
class Way {
 public:
  Way(Rung rung, cpu::ProductKind kind, Memories& memories)
      : backend_(cpu::make_backend(0, rung, kind)),
        name_(fmt::format("{} {}", name_of(rung),
                          kind == cpu::ProductKind::panels     ? "own"
                          : kind == cpu::ProductKind::portable ? "portable"
                                                               : "oneDNN")) {
    for (const MlpMemory& mlp : packed_mlps(*backend_, memories))
      mlps_.push_back({backend_->packed_weight(mlp.input, d_model, d_mlp),
                       backend_->packed_weight(mlp.output, d_mlp, d_model)});
  }

  const std::string& name() const { return name_; }

  void prepare(std::int64_t rows) {
    rows_ = rows;
    const std::vector<double> values(static_cast<std::size_t>(rows * (d_mlp + row_gap)), 0.5);
    in_ = to_device(*backend_, values);
    hidden_ = to_device(*backend_, values);
    out_ = to_device(*backend_, values);
  }

  double pass_seconds() const {
    const Matrix in = as_spaced_matrix(in_, rows_, d_model),
                 hidden = as_spaced_matrix(hidden_, rows_, d_mlp),
                 out = as_matrix(out_, rows_, d_model);
    const auto start = Clock::now();
    for (const Mlp& mlp : mlps_) {
      backend_->matmul(in, mlp.input, Epilogue::gelu_tanh, hidden);
      backend_->matmul(hidden, mlp.output, Epilogue::accumulate, out);
    }
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

 private:
  struct Mlp {
    Weight input, output;
  };

  std::unique_ptr<Backend> backend_;
  std::string name_;
  std::vector<Mlp> mlps_;
  std::int64_t rows_ = 0;
  Numbers in_, hidden_, out_;
};

/// Seconds of the best of five passes through all layers, the ways in turn.
std::vector<double> best_seconds(std::vector<Way>& ways, std::int64_t rows) {
  for (Way& way : ways) way.prepare(rows);
  std::vector<double> best(ways.size(), 1e9);
  for (int pass = 0; pass < 5; ++pass)
    for (std::size_t i = 0; i < ways.size(); ++i)
      best[i] = std::min(best[i], ways[i].pass_seconds());
  return best;
}

/// All that this processor can run, or those on the rungs that are asked for.
std::vector<Way> chosen_ways(const std::vector<std::string>& rungs) {
  Memories memories;
  std::vector<Way> ways;
  for (const Rung rung : cpu::available_rungs()) {
    if (!rungs.empty() && std::ranges::count(rungs, name_of(rung)) == 0) continue;
    for (const cpu::ProductKind kind : cpu::product_kinds(rung))
      ways.emplace_back(rung, kind, memories);
  }
  return ways;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Way> ways = chosen_ways({argv + 1, argv + argc});
  fmt::print("ms for {} layers, GFLOP/s of the product asked for\n{:>6}", layers, "rows");
  for (const Way& way : ways) fmt::print(" {:>15}", way.name());
  fmt::print("\n");
  for (const std::int64_t rows : {6, 10, 20, 40, 60, 80, 120, 240, 480}) {
    const double gflop = 4e-9 * static_cast<double>(layers * rows * d_model * d_mlp);
    fmt::print("{:>6}", rows);
    for (const double seconds : best_seconds(ways, rows))
      fmt::print(" {:>9.1f} {:>5.0f}", 1e3 * seconds, gflop / seconds);
    fmt::print("\n");
    std::fflush(stdout);
  }
}
