// One search of a family as its leader follows it: what it needs scored and what it will probably
// need, what was learned of the odds, and what rank 0 has not heard of yet.
#pragma once

#include <map>
#include <vector>

#include "pipeline/certified_search.h"
#include "pipeline/evaluator.h"
#include "pipeline/removal_odds.h"
#include "pipeline/speculation.h"
#include "pipeline/work_messages.h"

namespace headsweep {

/// Of a trial that no next step asks for.
constexpr Component no_component{-1, Component::no_head};

/// A trial that has been scored.
struct KnownTrial {
  UsedScore score;
  Component component;  // that its circuit was tried without
  bool used = false;
};
/// Searches of the same family share them: the score of a circuit knows no threshold and no order,
/// and what it is on some of the prompts follows from its logit differences on all.
using KnownTrials = std::map<Trial, KnownTrial>;

/// The full model's logit differences by rung; those that no search needs may be left out.
using FullModel = std::vector<std::vector<double>>;

class LedSearch {
 public:
  using Stage = CertifiedSearch::Stage;

  /// `rule`'s threshold and order are replaced by the request's. Takes up what an earlier start
  /// left. `full`: of the top rung for one that begins, of all for one on drawn prompts.
  LedSearch(const CertifiedRule& rule, const SearchRequest& request, const FullModel& full);

  Stage stage() const { return search_.stage(); }
  /// What is reported can be gone on from with the same outcome: no step is half settled.
  bool settled() const { return stage() != Stage::climbing; }
  /// On which rung its next step begins.
  int start_rung() const { return search_.start_rung(); }
  /// That is being decided or ranked.
  int layer() const;

  /// What it needs and is not known, with probability 1; then the likeliest of what it will need,
  /// until there are `most`. Likeliest first.
  std::vector<Guess> guesses(std::size_t most, const KnownTrials& known,
                             Speculation speculation) const;

  /// As far as it comes with what is known, which it learns from.
  void advance(KnownTrials& known);

  /// Whether a trial may still be of use.
  bool may_use(const Trial& trial) const;

  /// What has come out since this was last called.
  SearchProgress take_progress(int family, SearchProgress::State state);

 private:
  std::vector<Guess> likely(std::size_t most, const KnownTrials& known,
                            Speculation speculation) const;
  double own_percent(const UsedScore& score) const;
  Evaluation on_own_prompts(const UsedScore& score) const;
  void learn_steps(std::size_t first_change);
  void learn_from_useless(const KnownTrials& known, const Circuit& kept_before,
                          double score_before);

  int run_;
  SearchRule rule_;
  CertifiedSearch search_;
  RemovalOdds odds_;
  std::size_t learned_ = 0;              // steps that the odds know
  double learned_score_ = 100;           // after them
  std::size_t first_unreported_ = 0;     // step
  std::vector<int> prompts_;             // that it searches on; empty: all
  std::vector<double> full_means_;       // of them, by rung; only where they are drawn
  std::vector<double> full_per_prompt_;  // of them, until it is reported
};

}  // namespace headsweep
