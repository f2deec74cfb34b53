// The search of one family, led by one rank: it cuts the search into waves, sends each rank of its
// group a share of the circuits (itself included), makes the decisions, and reports them to rank 0.
#pragma once

#include <map>
#include <vector>

#include "pipeline/certified_search.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/removal_odds.h"
#include "pipeline/speculation.h"
#include "pipeline/wave_cost.h"
#include "pipeline/work_messages.h"

namespace headsweep {

/// How a search is carried out; changes its time, never its result.
struct LeaderOptions {
  Speculation speculation = Speculation::automatic;
  int most_side_by_side = 1;      // circuits that a rank scores at once
  double patience_seconds = 600;  // how long a rank may take for its share
};

class Leader {
 public:
  /// Takes up the search where the request says an earlier start left it. `full_per_prompt`: the
  /// full model's logit differences, for the first report.
  Leader(Ranks& ranks, const CertifiedRule& rule, const LeaderOptions& options,
         const LeadRequest& request, std::vector<double> full_per_prompt);

  int family() const { return family_; }

  /// Sends out the first wave; true if there is nothing left to do, which is reported.
  bool start();
  /// Ranks that help from the next wave on.
  void join(const std::vector<int>& ranks);
  /// Ends after this wave, or when the step that it belongs to is settled.
  void stop() { stopping_ = true; }
  /// A rank's share of the wave. True when the search has ended and is reported.
  bool take(const Scored& scored, int from);

  /// MachineError that names the rank whose share is overdue.
  void check_patience() const;

 private:
  /// A trial that has been scored.
  struct Known {
    UsedScore score;
    Head head;  // that its circuit was tried without
    bool used = false;
  };

  void send_wave();
  std::vector<Guess> choose_trials();
  std::vector<Guess> likely_trials(std::size_t most) const;
  void learn_from_useless(const Circuit& kept_before, double score_before);
  void advance();
  void learn_steps(std::size_t first_change);
  void discard_useless();
  bool end_wave();
  void report(FamilyProgress::State state);

  Ranks& ranks_;
  LeaderOptions options_;
  int family_;
  std::vector<int> group_;
  bool stopping_ = false;

  SearchRule rule_;
  CertifiedSearch search_;
  RemovalOdds odds_;
  std::size_t learned_ = 0;     // steps that the odds know
  double learned_score_ = 100;  // after them
  WaveCost cost_;
  std::map<Trial, Known> known_;
  int layer_ = -1;  // that is being decided

  int wave_ = 0;
  double wave_began_ = 0, reported_ = 0;
  double wave_compute_seconds_ = 0, sending_seconds_ = 0;
  std::map<int, std::vector<Guess>> shares_;  // by rank, of those that have not answered
  std::size_t wave_ranks_ = 0;
  std::size_t first_unreported_ = 0;  // step
  FamilyProgress report_;             // what has come out since the last one
};

}  // namespace headsweep
