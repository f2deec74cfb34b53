// The greedy search as a pure state machine: it names the circuit that it wants scored, and is told
// the score. It knows no model, no ranks, no files. Source: the seed notebook
// (wlg1/seqcont_circ_expms, auto_ablate_medium); rule and orders in docs/semantics.md.
#pragma once

#include <vector>

#include "model/circuit.h"

namespace headsweep {

struct Head {
  int layer = 0, head = 0;
  bool operator==(const Head&) const = default;
};

struct Decision {
  Head head;
  double score_percent = 0;  // of the circuit without the head
  double margin = 0;  // (100 - score_percent) - threshold, percentage points; negative: removed
  bool removed = false;
};

/// The notebook's order: layers last to first, in each heads 0 .. heads - 1.
std::vector<Head> backward_order(int layers, int heads);

class GreedySearch {
 public:
  /// Visits `order`; removes a head if the score without it loses less than the threshold against
  /// the full model.
  GreedySearch(Circuit start, std::vector<Head> order, double threshold_percent);

  bool finished() const { return decisions_.size() == order_.size(); }

  /// The head that is tried next, and the circuit whose score decides it. Not when finished.
  Head next_head() const { return order_[decisions_.size()]; }
  Circuit wanted() const;

  /// The score of wanted(); makes the decision and returns it.
  const Decision& tell(double score_percent);

  const std::vector<Decision>& decisions() const { return decisions_; }
  const Circuit& kept() const { return kept_; }

  /// The score of kept(): 100 until a head is removed.
  double score_percent() const { return score_percent_; }

 private:
  Circuit kept_;
  std::vector<Head> order_;
  double threshold_percent_, score_percent_ = 100;
  std::vector<Decision> decisions_;
};

}  // namespace headsweep
