// A greedy search whose decisions are those of exact arithmetic, whatever the precision of most of
// its scores: a pure state machine, like the search itself (pipeline/search.h).
//
// It first has each rung's error measured (pipeline/guards.h). A step of the search, that is a
// decision or the ranking of a layer, is settled when every comparison in it is decided by more
// than the guards of the scores compared; until then its scores are asked for again one rung up.
// The top rung settles everything. When a score from a higher rung shows a larger error than was
// assumed, the guard widens, and earlier steps may be unsettled again: the earliest comes first,
// and if it falls otherwise, what followed from it is given up. In the end some decisions are held
// against the top rung: a sample, and all that are nearly ties.
//
// What is done next depends on the scores so far alone, so that every number of ranks, and a run
// that was interrupted, end with the same bits.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "pipeline/guards.h"
#include "pipeline/ladder.h"
#include "pipeline/search_step.h"

namespace headsweep {

/// A decision held against the top rung.
struct Audited {
  int decision = 0;  // its number
  double score_percent = 0;
  bool agrees = true;

  bool operator==(const Audited&) const = default;
  void visit(auto& archive) { archive(decision, score_percent, agrees); }
};

struct CertifiedRule {
  SearchRule search;
  Ladder ladder;
  double audit_percent = 0;  // of the decisions; 0: no audit
  /// For benchmarks with forced decisions, whose margins are those of another model: that model's
  /// mean logit difference, of which errors are percentages.
  double forced_full_mean = 0;
};

class CertifiedSearch {
 public:
  explicit CertifiedSearch(CertifiedRule rule);

  /// Goes on from what an earlier start has found; `errors` as in Guards, empty if they were not
  /// measured.
  void take_up(std::span<const SearchStep> steps, std::vector<double> errors);

  /// Where a trial's score is; nullptr while nobody has scored it. Asked for each score that is
  /// used.
  using Known = std::function<const UsedScore*(const Trial&)>;
  /// As far as it comes with what is known.
  void advance(const Known& known);
  /// What it needs to go on.
  const std::vector<Trial>& wanted() const { return need_.trials; }

  enum class Stage { measuring, climbing, walking, auditing, finished };
  Stage stage() const;
  /// How many steps are settled, up to the first that is not.
  std::size_t settled_steps() const;
  /// An audit has found a decision that the top rung does not make.
  bool contradicted() const;

  /// The search with all steps so far, the last of which may not be settled.
  const GreedySearch& search() const { return search_; }
  /// On which rung the next step begins.
  int start_rung() const { return start_rung_; }

  const Guards& guards() const { return guards_; }
  const std::vector<SearchStep>& steps() const { return steps_; }
  std::vector<Audited> audited() const;

  /// The first step that is not as it was when this was last called.
  std::size_t take_first_change();

 private:
  struct Need {
    enum class Kind { measure, climb, decide, rank, audit, nothing };
    Kind kind = Kind::nothing;
    std::vector<Trial> trials = {};
    std::size_t step = 0;                  // climb: of steps_
    std::vector<std::size_t> scores = {};  // climb: of the step's, by trial
    std::vector<int> decisions = {};       // audit: by trial
  };

  // What it needs (search_needs.cpp).
  void find_need();
  Need need_climb(std::size_t step, std::vector<std::size_t> unsettled) const;
  Need need_measurement() const;
  Need need_next_step() const;
  Need need_audit() const;
  std::vector<std::size_t> unsettled_scores(std::size_t step) const;
  std::vector<std::size_t> unsettled_in_ranking(const SearchStep& step) const;
  std::vector<int> chosen_for_audit() const;

  // What the scores do.
  void take(const std::vector<const UsedScore*>& scores);
  void measure(const std::vector<const UsedScore*>& scores);
  void climb(const std::vector<const UsedScore*>& scores);
  void append(SearchStep::Kind kind, const std::vector<const UsedScore*>& scores);
  void audit(const std::vector<const UsedScore*>& scores);
  void change_from(std::size_t step);
  double error_between(const UsedScore& a, const UsedScore& b) const;

  GreedySearch replayed(std::size_t steps) const;

  CertifiedRule rule_;
  Guards guards_;
  GreedySearch search_;
  std::vector<SearchStep> steps_;
  std::vector<std::size_t> decisions_before_;  // by step
  std::map<int, double> audited_;              // by decision: the top rung's score
  Need need_;
  int start_rung_ = 0;
  std::size_t first_change_ = 0;
};

}  // namespace headsweep
