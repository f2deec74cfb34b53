#include "kernels/cuda/timing.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace headsweep::cuda {

double best_seconds(int calls, const std::function<void()>& call,
                    const std::function<void()>& wait) {
  using Clock = std::chrono::steady_clock;
  constexpr int tries = 5;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < tries; ++i) {
    const auto start = Clock::now();
    for (int j = 0; j < calls; ++j) call();
    wait();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best / calls;
}

}  // namespace headsweep::cuda
