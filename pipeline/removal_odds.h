// How likely it is that the search removes a component, judged by what it has seen so far. Decides
// only what is scored in advance: a bad guess costs time, never a result.
//
// A component is kept if its drop of the score exceeds the distance from the running score to the
// threshold's line. Where nothing is known of it, the odds that it is kept fall with that
// distance, measured in the drops seen lately, and follow how many were kept lately. Where
// its drop has been estimated (from a score that was thrown away, or that of its removal alone),
// the drop is taken for that estimate with a Student-t error whose width follows the errors of the
// estimates before. Constants: fitted to the published traces (tests/pipeline/speculation_test.cpp
// replays them).
#pragma once

#include <optional>
#include <vector>

#include "pipeline/search.h"

namespace headsweep {

class RemovalOdds {
 public:
  explicit RemovalOdds(const SearchRule& rule);

  /// A decision that was made, in the order in which they are made.
  void learn(const Decision& decision);

  /// An estimate of how far the score falls without the component, percentage points.
  void estimate(const Component& component, double drop_percent);

  /// The search at a point that it has reached, or may reach.
  struct Outlook {
    double distance = 0;  // from the score to the threshold's line, percentage points; not negative
    double variance = 0;  // of that, from estimated drops on the way
  };
  Outlook now() const;
  Outlook after(const Outlook& outlook, const Component& component, bool removed) const;

  /// Between 0.02 and 0.98.
  double removal(const Outlook& outlook, const Component& component) const;

 private:
  std::size_t index_of(const Component& component) const;
  const std::optional<double>& estimate_of(const Component& component) const {
    return estimates_[index_of(component)];
  }
  double kept_unestimated(double distance) const;
  double squared_width(double drop) const;

  double threshold_percent_;
  int heads_, positions_;
  double score_percent_ = 100;
  double log_scale_;        // of drops lately: the mean of their logarithms
  double kept_, expected_;  // components kept lately, and how many had been expected
  double error_ = 1;        // of estimates, in units of the width first assumed
  std::vector<std::optional<double>> estimates_;  // layer by layer: (heads, positions), the MLP
};

}  // namespace headsweep
