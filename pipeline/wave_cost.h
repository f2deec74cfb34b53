// What it costs a rank to score several circuits side by side instead of one: measured as the
// search goes, and weighed against what the further ones are likely to bring.
#pragma once

#include <map>
#include <optional>
#include <span>

#include "pipeline/speculation.h"

namespace headsweep {

class WaveCost {
 public:
  /// `most`: circuits that a rank can score side by side.
  explicit WaveCost(int most) : most_(most) {}

  /// Circuits of a deeper layer take longer, in another proportion: every fourth layer is measured
  /// anew, but for its first wave, which prepares what the others share.
  void begin_layer();
  void end_wave() { preparing_ = false; }

  /// A rank has scored so many circuits in this time.
  void observe(std::size_t circuits, double seconds);

  /// How many circuits each of `members` ranks should score in the next wave: the number with the
  /// most useful scores per second. While it is unknown what a further one costs, first one then
  /// two, to find out.
  std::size_t best_share(std::span<const Guess> guesses, std::size_t members) const;

 private:
  int most_;
  int layers_ = 0;
  bool preparing_ = true;
  // The least seconds seen: what else the machine does only adds to them.
  std::optional<double> one_;              // for one circuit
  std::map<std::size_t, double> several_;  // for so many
};

}  // namespace headsweep
