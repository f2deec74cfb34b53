// The greedy search as a pure state machine: it names the circuits that it wants scored, and is
// told the scores. It knows no model, no ranks, no files. Source: the seed notebook
// (wlg1/seqcont_circ_expms, auto_ablate_medium); rule and orders in docs/semantics.md.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "io/job.h"
#include "model/circuit.h"

namespace headsweep {

struct Decision {
  Component component;
  double score_percent = 0;  // of the circuit without the component
  double margin = 0;  // (100 - score_percent) - threshold, percentage points; negative: removed
  bool removed = false;
};

/// The score of the circuit without one head, as it was when the head's layer was reached.
struct RankedHead {
  Component head;
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
  Components components = Components::heads;
  Granularity granularity = Granularity::component;
  int positions = 1;  // at which heads are removed apart: 1, or as many as the family names

  int decisions() const;  // of one pass over everything; Order::alternate makes more
  Circuit everything() const;
};
/// What the searches of a job have in common.
SearchRule search_rule(const Job& job, int layers, int heads);

/// The job's rule for a family with so many position names.
SearchRule for_family(SearchRule rule, int named_positions);
SearchRule for_family(SearchRule rule, const std::vector<std::string>& position_names);

/// With the run's order and threshold.
SearchRule for_run(SearchRule rule, const RunSpec& run);

class GreedySearch {
 public:
  /// Removes a component if the score without it loses less than the threshold against the full
  /// model. Visits the layers from last to first, a layer's MLP before its heads by number;
  /// Order::forward does all of it the other way round, but for the heads' numbers.
  /// Order::alternate goes backward, forward, ... over what is left, until a whole pass removes
  /// nothing. Order::importance goes backward, but first ranks a layer's heads by the score without
  /// each of them alone, highest first, and tries them in that order.
  explicit GreedySearch(SearchRule rule);

  enum class Step { decide, rank_layer, nothing };
  Step next_step() const;
  bool finished() const { return next_step() == Step::nothing; }

  /// decide: the component that is tried next, and the circuit whose score decides it.
  const Component& next() const { return coming().front(); }
  Circuit wanted() const;
  /// Makes the decision from the score of wanted(), and returns it.
  const Decision& tell(double score_percent);

  /// rank_layer: the circuits without one of the layer's heads, by number.
  std::vector<Circuit> wanted_for_ranking() const;
  /// Their scores, in the same order.
  void rank(std::span<const double> scores_percent);

  /// The components that are tried next, as far as their order is known; and the layer that is
  /// ranked after them, or -1.
  std::span<const Component> coming() const { return std::span(order_).subspan(decisions_.size()); }
  int ranked_next() const;

  /// What is tried after those if the circuit is `kept` then: the next pass of Order::alternate.
  /// `removed`: of the coming ones something is removed.
  std::vector<Component> after_coming(const Circuit& kept, bool removed) const;

  /// How many of the decisions so far a circuit disagrees with. Only one that agrees with all can
  /// still be wanted. (What an earlier pass has kept is tried again.)
  int disagreements(const Circuit& circuit) const;
  bool may_want(const Circuit& circuit) const { return disagreements(circuit) == 0; }

  const SearchRule& rule() const { return rule_; }
  const std::vector<Decision>& decisions() const { return decisions_; }
  const std::vector<RankedHead>& ranking() const { return ranking_; }  // of all layers so far
  const Circuit& kept() const { return kept_; }

  /// The score of kept(): 100 until a head is removed.
  double score_percent() const { return score_percent_; }

 private:
  enum class Direction { backward, forward };
  std::vector<Component> pass_over(const Circuit& kept, Direction direction) const;
  void begin_pass(std::vector<Component> pass);

  SearchRule rule_;
  Circuit kept_;
  std::vector<Component> order_;  // of decisions, as far as it is known
  std::size_t pass_begin_ = 0;    // its first decision
  Direction direction_ = Direction::backward;
  bool pass_removed_ = false;  // something
  double score_percent_ = 100;
  std::vector<Decision> decisions_;
  std::vector<RankedHead> ranking_;
};

/// `circuit` without each head of the layer alone, by number.
std::vector<Circuit> single_removals(const Circuit& circuit, int layer);

}  // namespace headsweep
