// The matrix products of a sweep in every precision, the own ones against a library's: the MLPs of
// gpt2-medium's 24 layers, one after the other, each with its own weights, as an evaluation meets
// them.
//
//   OMP_NUM_THREADS=2 products_bench [fp64]
#include <algorithm>
#include <chrono>
#include <cstdio>
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

struct Mlp {
  Weight input, output;
};

std::vector<Mlp> random_mlps(Backend& backend) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.03f, 0.03f);
  std::vector<float> values(d_model * d_mlp);
  for (float& value : values) value = uniform(random);
  std::vector<Mlp> mlps;
  for (int layer = 0; layer < layers; ++layer)
    mlps.push_back(
        {pack(backend, values, d_model, d_mlp, {}), pack(backend, values, d_mlp, d_model, {})});
  return mlps;
}

/// Seconds of the best of five passes through all layers.
double best_seconds(Backend& backend, const std::vector<Mlp>& mlps, std::int64_t rows) {
  const std::vector<double> values(static_cast<std::size_t>(rows * (d_mlp + row_gap)), 0.5);
  const Numbers x = to_device(backend, values), hidden = to_device(backend, values),
                y = allocate_numbers(backend, rows * d_model);
  const Matrix in = as_spaced_matrix(x, rows, d_model), h = as_spaced_matrix(hidden, rows, d_mlp);
  double best = 1e9;
  for (int pass = 0; pass < 5; ++pass) {
    const auto start = Clock::now();
    for (const Mlp& mlp : mlps) {
      backend.matmul(in, mlp.input, Epilogue::gelu, h);
      backend.matmul(h, mlp.output, Epilogue::store, as_matrix(y, rows, d_model));
    }
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

/// The kinds of products that a precision has, side by side.
void compare(Rung rung) {
  std::vector<std::unique_ptr<Backend>> backends;
  std::vector<std::vector<Mlp>> mlps;
  fmt::print("\nms for {} layers, GFLOP/s\n", layers);
  for (const cpu::ProductKind kind : cpu::product_kinds(rung)) {
    backends.push_back(cpu::make_backend(0, rung, kind));
    mlps.push_back(random_mlps(*backends.back()));
    fmt::print("  {}: {}\n", backends.size(), backends.back()->info().description);
  }
  for (const std::int64_t rows : {6, 10, 20, 40, 60, 80, 120, 240, 480}) {
    const double gflop = 4e-9 * static_cast<double>(layers * rows * d_model * d_mlp);
    fmt::print("{:>6} rows", rows);
    double first = 0;
    for (std::size_t i = 0; i < backends.size(); ++i) {
      const double seconds = best_seconds(*backends[i], mlps[i], rows);
      if (i == 0) first = seconds;
      fmt::print("{:>10.1f} {:>5.0f}  x {:.2f}", 1e3 * seconds, gflop / seconds, seconds / first);
    }
    fmt::print("\n");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const Rung rung : cpu::available_rungs())
    if (argc < 2 || name_of(rung) == std::string(argv[1])) compare(rung);
}
