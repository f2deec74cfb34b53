// The searches of one family, led by one rank: it cuts them into waves, sends each rank of its
// group a share of the circuits (itself included), makes the decisions, and reports them to rank 0.
// They differ in threshold, order or the prompts that they look at, and go in step, so that what
// several of them want is scored once.
#pragma once

#include <map>
#include <vector>

#include "pipeline/led_search.h"
#include "pipeline/ranks/ranks.h"
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
  /// Takes up the searches where the request says an earlier start left them.
  Leader(Ranks& ranks, const CertifiedRule& rule, const LeaderOptions& options,
         const LeadRequest& request, const FullModel& full);

  int family() const { return family_; }

  /// Sends out the first wave; true if there is nothing left to do, which is reported.
  bool start();
  /// Ranks that help from the next wave on.
  void join(const std::vector<int>& ranks);
  /// Ends after this wave, or when the steps that it belongs to are settled.
  void stop() { stopping_ = true; }
  /// A rank's share of the wave. True when all searches have ended and are reported.
  bool take(const Scored& scored, int from);

  /// MachineError that names the rank whose share is overdue.
  void check_patience() const;

 private:
  void send_wave();
  std::vector<Guess> choose_trials();
  std::vector<Guess> guesses_of_all(std::size_t most) const;
  bool end_wave();
  void end_searches();
  void report_what_is_settled();
  void discard_useless();
  void report(LedSearch& search, SearchProgress::State state);

  Ranks& ranks_;
  LeaderOptions options_;
  int family_;
  std::vector<int> group_;
  bool stopping_ = false;

  std::vector<LedSearch> searches_;  // that have not ended
  WaveCost cost_;
  KnownTrials known_;
  int layer_ = -1;  // that the first search is deciding

  int wave_ = 0;
  double wave_began_ = 0, reported_ = 0;
  double wave_compute_seconds_ = 0, sending_seconds_ = 0;
  std::map<int, std::vector<Guess>> shares_;  // by rank, of those that have not answered
  std::size_t wave_ranks_ = 0;
  WorkDone work_;  // since the last report of any search
};

}  // namespace headsweep
