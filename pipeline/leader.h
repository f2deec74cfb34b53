// The search of one family, led by one rank: it cuts the search into waves, sends each rank of its
// group a share of the circuits (itself included), makes the decisions, and reports them to rank 0.
#pragma once

#include <map>
#include <vector>

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
  /// full model's logit differences.
  Leader(Ranks& ranks, const SearchRule& rule, const LeaderOptions& options,
         const LeadRequest& request, std::vector<double> full_per_prompt);

  int family() const { return family_; }

  /// Sends out the first wave; true if there is nothing left to do, which is reported.
  bool start();
  /// Ranks that help from the next wave on.
  void join(const std::vector<int>& ranks);
  /// Ends after this wave.
  void stop() { stopping_ = true; }
  /// A rank's share of the wave. True when the search has ended and is reported.
  bool take(const Scored& scored, int from);

  /// MachineError that names the rank whose share is overdue.
  void check_patience() const;

 private:
  /// A circuit that has been scored.
  struct Known {
    std::vector<double> per_prompt;
    int wave = 0, rank = 0;
    Head head;  // that it was tried without
    bool used = false;
  };

  void take_up(const LeadRequest& request);
  void take_ranking(std::span<const double> scores);
  void send_wave();
  std::vector<Guess> choose_circuits();
  void learn_from_useless(const Circuit& kept_before, double score_before);
  void advance();
  bool decide();
  bool rank_layer();
  void discard_useless();
  bool end_wave();
  void report(FamilyProgress::State state);
  double score_percent(const std::vector<double>& per_prompt) const;

  Ranks& ranks_;
  LeaderOptions options_;
  int family_;
  std::vector<int> group_;
  bool stopping_ = false;

  GreedySearch search_;
  RemovalOdds odds_;
  WaveCost cost_;
  double full_mean_;
  std::map<Circuit, Known> known_;
  int layer_ = -1;  // that is being decided

  int wave_ = 0;
  double wave_began_ = 0, reported_ = 0;
  double wave_compute_seconds_ = 0, sending_seconds_ = 0;
  std::map<int, std::vector<Guess>> shares_;  // by rank, of those that have not answered
  std::size_t wave_ranks_ = 0;
  FamilyProgress report_;  // what has come out since the last one
};

}  // namespace headsweep
