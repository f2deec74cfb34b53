// The matrix products of a sweep, the own ones against oneDNN's: the MLPs of gpt2-medium's 24
// layers, one after the other, each with its own weights, as an evaluation meets them.
//
//   OMP_NUM_THREADS=2 products_bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
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
  const auto x = allocate<float>(backend, rows * (d_model + row_gap)),
             y = allocate<float>(backend, rows * d_model);
  const auto hidden = allocate<float>(backend, rows * (d_mlp + row_gap));
  std::fill_n(x.data(), x.size, 0.5f);
  std::fill_n(y.data(), y.size, 0.0f);
  const Matrix in = as_spaced_matrix(x, rows, d_model), h = as_spaced_matrix(hidden, rows, d_mlp);
  double best = 1e9;
  for (int pass = 0; pass < 5; ++pass) {
    const auto start = Clock::now();
    for (const Mlp& mlp : mlps) {
      backend.matmul(in, mlp.input, Epilogue::gelu, h);
      backend.matmul(h, mlp.output, Epilogue::accumulate, as_matrix(y, rows, d_model));
    }
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace

int main() {
  const auto own = cpu::make_backend(0, cpu::ProductKind::panels),
             library = cpu::make_backend(0, cpu::ProductKind::onednn);
  if (cpu::fastest_products() != cpu::ProductKind::panels) {
    fmt::print("this processor cannot run the own products\n");
    return 0;
  }
  const auto own_mlps = random_mlps(*own), library_mlps = random_mlps(*library);
  fmt::print("{}; ms for 24 layers, GFLOP/s\n{:>6} {:>16} {:>16} {:>8}\n", own->info().description,
             "rows", "own", "oneDNN", "ratio");
  for (const std::int64_t rows : {6, 10, 20, 40, 60, 80, 120, 240, 480}) {
    const double a = best_seconds(*own, own_mlps, rows),
                 b = best_seconds(*library, library_mlps, rows);
    const double gflop = 4e-9 * static_cast<double>(layers * rows * d_model * d_mlp);
    fmt::print("{:>6} {:>9.1f} {:>6.0f} {:>9.1f} {:>6.0f} {:>8.2f}\n", rows, 1e3 * a, gflop / a,
               1e3 * b, gflop / b, b / a);
    std::fflush(stdout);
  }
}
