#include "pipeline/wave_cost.h"

#include <algorithm>

namespace headsweep {

void WaveCost::observe(std::size_t circuits, double seconds) {
  if (preparing_) return;
  if (circuits == 1) {
    one_.sum += seconds;
    ++one_.count;
  } else if (circuits > 1 && one_.count > 0) {
    several_.sum += (seconds - one_.value()) / static_cast<double>(circuits - 1);
    ++several_.count;
  }
}

std::size_t WaveCost::best_share(std::span<const Guess> guesses, std::size_t members) const {
  if (most_ == 1 || one_.count == 0) return 1;
  if (several_.count == 0) return 2;
  std::size_t best = 1;
  double best_rate = 0, useful = 0;
  for (std::size_t share = 1; share <= static_cast<std::size_t>(most_); ++share) {
    for (std::size_t i = (share - 1) * members; i < std::min(share * members, guesses.size()); ++i)
      useful += guesses[i].probability;
    const double further = std::max(several_.value(), 0.0) * static_cast<double>(share - 1);
    const double rate = useful / (one_.value() + further);
    // A rate that is barely better is noise.
    if (rate > best_rate * 1.02) {
      best = share;
      best_rate = rate;
    }
  }
  return best;
}

}  // namespace headsweep
