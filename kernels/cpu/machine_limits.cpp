#include "kernels/cpu/machine_limits.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

#include <omp.h>

#include "kernels/cpu/memory.h"
#include "kernels/cpu/register_loops.h"

namespace headsweep::cpu {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The best of several runs: what the threads did together, a second.
double best_rate(int threads, int runs, const std::function<double(int)>& work_of_thread) {
  double best = 0;
  for (int run = 0; run < runs; ++run) {
    double work = 0;
    Clock::time_point start;
#pragma omp parallel num_threads(threads) reduction(+ : work)
    {
#pragma omp barrier
#pragma omp master
      start = Clock::now();
      work += work_of_thread(omp_get_thread_num());
    }
    best = std::max(best, work / seconds_since(start));
  }
  return best;
}

double register_rate(RegisterLoop loop, int threads) {
  if (loop == nullptr) return 0;
  constexpr std::int64_t first_steps = 100'000;
  const auto start = Clock::now();
  loop(first_steps);
  const double wanted_seconds = 0.01;
  const auto steps = static_cast<std::int64_t>(static_cast<double>(first_steps) * wanted_seconds /
                                               std::max(seconds_since(start), 1e-6));
  return best_rate(threads, 15, [&](int) { return loop(std::max(steps, first_steps)); });
}

HEADSWEEP_VECTORIZED std::uint64_t sum_of(const std::uint64_t* values, std::int64_t count) {
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += values[i];
  return sum;
}

double read_rate(int threads) {
  constexpr std::int64_t bytes = std::int64_t{512} << 20, count = bytes / 8;
  const auto memory = allocate_aligned(bytes);
  auto* const values = static_cast<std::uint64_t*>(memory.get());
  const auto begin = [&](int thread) { return count / 8 * thread / threads * 8; };
  volatile std::uint64_t result = 0;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int thread = 0; thread < threads; ++thread)
    std::fill(values + begin(thread), values + begin(thread + 1), std::uint64_t{1});
  return best_rate(threads, 5, [&](int thread) {
    result = sum_of(values + begin(thread), begin(thread + 1) - begin(thread));
    return 8.0 * static_cast<double>(begin(thread + 1) - begin(thread));
  });
}

}  // namespace

MachineLimits measure_limits(int threads) {
  if (threads <= 0) threads = omp_get_max_threads();
  const RegisterLoops loops = register_loops();
  return {register_rate(loops.float32, threads), register_rate(loops.bfloat16, threads),
          register_rate(loops.float64, threads), read_rate(threads)};
}

}  // namespace headsweep::cpu
