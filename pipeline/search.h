// The greedy search as a pure state machine: it names the circuits that it wants scored, and is
// told the scores. It knows no model, no ranks, no files. Source: the seed notebook
// (wlg1/seqcont_circ_expms, auto_ablate_medium); rule and orders in docs/semantics.md.
#pragma once

#include <span>
#include <vector>

#include "io/job.h"
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

/// The score of the circuit without one head, as it was when the head's layer was reached.
struct RankedHead {
  Head head;
  double score_percent = 0;
};

/// For benchmarks: a decision that falls as `removed` says, whatever its score; its margin is that
/// of `score_percent`.
struct ForcedDecision {
  bool removed = false;
  double score_percent = 0;

  void visit(auto& archive) { archive(removed, score_percent); }
};

/// All that the outcome of a search depends on besides the scores.
struct SearchRule {
  int layers = 0, heads = 0;
  Order order = Order::backward;
  double threshold_percent = 3;
  std::vector<ForcedDecision> forced = {};  // decisions by number; empty: the greedy rule

  int decisions() const { return layers * heads; }
};

class GreedySearch {
 public:
  /// Visits the layers from last to first. Removes a head if the score without it loses less than
  /// the threshold against the full model. Order::backward takes a layer's heads by number;
  /// Order::importance first ranks them by the score without each of them alone, highest first.
  explicit GreedySearch(SearchRule rule);

  enum class Step { decide_head, rank_layer, nothing };
  Step next_step() const;
  bool finished() const { return next_step() == Step::nothing; }

  /// decide_head: the head that is tried next, and the circuit whose score decides it.
  Head next_head() const { return coming().front(); }
  Circuit wanted() const;
  /// Makes the decision from the score of wanted(), and returns it.
  const Decision& tell(double score_percent);

  /// rank_layer: the circuits without one of the layer's heads, by number.
  std::vector<Circuit> wanted_for_ranking() const;
  /// Their scores, in the same order.
  void rank(std::span<const double> scores_percent);

  /// The heads that are tried next, as far as their order is known; and the layer that is ranked
  /// after them, or -1.
  std::span<const Head> coming() const { return std::span(order_).subspan(decisions_.size()); }
  int ranked_next() const;

  /// How many of the decisions so far a circuit disagrees with. Only one that agrees with all can
  /// still be wanted.
  int disagreements(const Circuit& circuit) const;
  bool may_want(const Circuit& circuit) const { return disagreements(circuit) == 0; }

  const SearchRule& rule() const { return rule_; }
  const std::vector<Decision>& decisions() const { return decisions_; }
  const std::vector<RankedHead>& ranking() const { return ranking_; }  // of all layers so far
  const Circuit& kept() const { return kept_; }

  /// The score of kept(): 100 until a head is removed.
  double score_percent() const { return score_percent_; }

 private:
  SearchRule rule_;
  Circuit kept_;
  std::vector<Head> order_;  // of decisions, as far as it is known
  double score_percent_ = 100;
  std::vector<Decision> decisions_;
  std::vector<RankedHead> ranking_;
};

/// `circuit` without each head of the layer alone, by number.
std::vector<Circuit> single_removals(const Circuit& circuit, int layer);

}  // namespace headsweep
