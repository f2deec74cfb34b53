#include "pipeline/wave_cost.h"

#include <algorithm>

namespace headsweep {

void WaveCost::begin_layer() {
  constexpr int layers_alike = 4;
  if (layers_++ % layers_alike != 0) return;
  one_.reset();
  several_.clear();
  preparing_ = true;
}

void WaveCost::observe(std::size_t circuits, double seconds) {
  if (preparing_) return;
  if (circuits == 1) {
    one_ = std::min(one_.value_or(seconds), seconds);
  } else {
    const auto [known, added] = several_.emplace(circuits, seconds);
    if (!added) known->second = std::min(known->second, seconds);
  }
}

std::size_t WaveCost::best_share(std::span<const Guess> guesses, std::size_t members) const {
  if (most_ == 1 || !one_) return 1;
  if (several_.empty()) return 2;
  const auto& [circuits, seconds] = *several_.rbegin();
  const double further = std::max(seconds - *one_, 0.0) / static_cast<double>(circuits - 1);
  std::size_t best = 1;
  double best_rate = 0, useful = 0;
  for (std::size_t share = 1; share <= static_cast<std::size_t>(most_); ++share) {
    for (std::size_t i = (share - 1) * members; i < std::min(share * members, guesses.size()); ++i)
      useful += guesses[i].probability;
    const double rate = useful / (*one_ + further * static_cast<double>(share - 1));
    // A rate that is barely better is noise.
    if (rate > best_rate * 1.02) {
      best = share;
      best_rate = rate;
    }
  }
  return best;
}

}  // namespace headsweep
