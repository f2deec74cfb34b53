// What it costs a rank to score several circuits side by side instead of one: measured as the
// search goes, and weighed against what the further ones are likely to bring.
#pragma once

#include <span>
#include <vector>

#include "pipeline/speculation.h"

namespace headsweep {

class WaveCost {
 public:
  /// `most`: circuits that a rank can score side by side.
  explicit WaveCost(int most) : most_(most) {}

  /// Circuits of a deeper layer take longer, in another proportion: measure anew, but not the first
  /// wave, which prepares what the others share.
  void begin_layer() {
    one_ = several_ = {};
    preparing_ = true;
  }
  void end_wave() { preparing_ = false; }

  /// A rank has scored so many circuits in this time.
  void observe(std::size_t circuits, double seconds);

  /// How many circuits each of `members` ranks should score in the next wave: the number with the
  /// most useful scores per second. While it is unknown what a further one costs, first one then
  /// two, to find out.
  std::size_t best_share(std::span<const Guess> guesses, std::size_t members) const;

 private:
  struct Mean {
    double sum = 0;
    int count = 0;
    double value() const { return sum / count; }
  };
  int most_;
  bool preparing_ = true;
  Mean one_;      // seconds for one circuit
  Mean several_;  // seconds for each further one
};

}  // namespace headsweep
