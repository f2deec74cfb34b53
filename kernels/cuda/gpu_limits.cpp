#include "kernels/cuda/gpu_limits.h"

#include <vector>

#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/timing.h"

namespace headsweep::cuda {
namespace {

double product_rate(int gpu, Rung rung, std::int64_t size) {
  const auto backend = make_backend(gpu, rung, 0);
  const std::vector<float> values(static_cast<std::size_t>(size * size), 1e-3f);
  const Weight weight = pack(*backend, values, size, size, {});
  const Numbers in = to_device(*backend, std::vector<double>(values.begin(), values.end())),
                out = allocate_numbers(*backend, size * size);
  const auto multiply = [&] {
    backend->matmul(as_matrix(in, size, size), weight, Epilogue::store, as_matrix(out, size, size));
  };
  const double seconds = best_seconds(8, multiply, [&] { backend->wait(); });
  const auto n = static_cast<double>(size);
  return 2 * n * n * n / seconds;
}

}  // namespace

GpuLimits measure_limits(int gpu) {
  // Large enough that all multiprocessors have several tiles to do.
  constexpr std::int64_t large = 8192, large_float64 = 4096;
  GpuLimits limits;
  limits.bfloat16_flops = product_rate(gpu, Rung::bf16, large);
  limits.float32_flops = product_rate(gpu, Rung::fp32, large);
  limits.float64_flops = product_rate(gpu, Rung::fp64, large_float64);

  const auto backend = make_backend(gpu, Rung::fp32, 0);
  constexpr std::int64_t rows = 1 << 16, columns = 4096;  // 1 GB
  const Numbers values = allocate_numbers(*backend, rows * columns);
  const std::vector<int> zeros(rows, 0);
  const auto first_row = to_device(*backend, std::span(zeros));
  const Numbers one_row = to_device(*backend, std::vector<double>(columns, 0));
  const Matrix x = as_matrix(values, rows, columns);
  backend->gather_rows(as_matrix(one_row, 1, columns), first_row.data(), x);
  const auto wait = [&] { backend->wait(); };
  // Reads and writes every number of x; the one row stays in the caches.
  const auto add_to = [&](Matrix to) {
    return [&, to] { backend->add_rows(as_matrix(one_row, 1, columns), first_row.data(), to); };
  };
  limits.memory_bytes =
      2.0 * static_cast<double>(values.bytes()) / best_seconds(4, add_to(x), wait);
  limits.launch_seconds = best_seconds(1000, add_to(x.part_of_rows(0, 1)), wait);
  return limits;
}

}  // namespace headsweep::cuda
