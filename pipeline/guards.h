// How far a rung's scores can be from the exact ones: measured, with a factor of safety, and never
// assumed to be smaller than the largest error that was seen.
#pragma once

#include <span>
#include <vector>

#include "pipeline/ladder.h"
#include "pipeline/search.h"

namespace headsweep {

/// A guard is so many times the largest error seen. On the circuits of guard_circuits() errors are
/// spread like those of the search, so that the largest of them lies near twice their standard
/// deviation: the guard is some eight of those.
constexpr double guard_factor = 4;

/// Margins below this, in percentage points, are within what float64 can tell.
constexpr double tie_points = 1e-9;

class Guards {
 public:
  explicit Guards(const Ladder& ladder) : ladder_(ladder) {}

  /// Whether the errors are known. The top rung has none to measure.
  bool measured() const { return std::ssize(errors_) == ladder_.top(); }

  /// By rung, without the top: the largest error seen, percentage points.
  void set_errors(std::vector<double> errors);
  const std::vector<double>& errors() const { return errors_; }

  /// An evaluation on a more exact rung has shown this error. Whether it is larger than any before.
  bool see(int rung, double error);

  /// Percentage points. The top rung's is tie_points.
  double of(int rung) const;

  /// The rung on which to begin with a decision: the one that costs least with the climbs that are
  /// to be expected after `margins` (of the decisions so far, percentage points).
  int cheapest_start(std::span<const double> margins, double threshold_percent) const;

 private:
  double climb_probability(int rung, std::span<const double> margins,
                           double threshold_percent) const;

  Ladder ladder_;
  std::vector<double> errors_;
};

/// Circuits like those that a search will come to, for measuring a rung's errors: reduced from
/// several layers on, with all components but one, half of them and few of them kept.
std::vector<Circuit> guard_circuits(const SearchRule& rule);

}  // namespace headsweep
