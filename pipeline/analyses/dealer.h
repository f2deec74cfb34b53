// Cuts questions into pieces for ranks. A piece is of one family; a rank stays with the family that
// it has made ready as long as there is something left of it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "pipeline/analyses/scorer.h"

namespace headsweep {

class Dealer {
 public:
  explicit Dealer(int ranks) : open_(static_cast<std::size_t>(ranks), no_family) {}

  /// Of the questions, one family's neighbours.
  struct Piece {
    int family = 0;
    std::size_t first = 0, size = 0;
  };

  /// Sorted by family. Those before must have been dealt out.
  void begin(std::span<const Question> questions);

  /// The rank's next piece; nullopt: nothing is left. Pieces become smaller towards the end, so
  /// that all ranks end at about the same time.
  std::optional<Piece> next(int rank);

  /// So long the rank took for a piece: later ones take a second or two, so that a rank that is
  /// asked to stop does so soon, and one that is silent is noticed.
  void took(int family, std::size_t circuits, double seconds);

 private:
  static constexpr int no_family = -1;
  struct Left {
    std::size_t first = 0, end = 0;
    int ranks = 0;  // that have had a piece of it
  };

  int family_for(int rank) const;
  std::size_t most_at_once(int family) const;

  std::vector<int> open_;  // by rank: the family that it has made ready
  std::map<int, Left> left_;
  std::map<int, double> seconds_each_;  // of a circuit, by family
  std::size_t all_left_ = 0;
};

}  // namespace headsweep
