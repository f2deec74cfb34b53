// Rank 0's way to have questions answered: every rank's worker scores a piece of them at a time.
// The other ranks are in their loops (pipeline/message_loop.h) and know nothing of analyses.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "pipeline/analyses/dealer.h"
#include "pipeline/analyses/scorer.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/work_messages.h"
#include "pipeline/worker.h"

namespace headsweep {

/// Thrown when a signal asked to stop: what the ranks had under way has been answered.
struct AskedToStop {};

struct RankScoringOptions {
  int rung = 0;  // of the order's ladder
  double patience_seconds = 600;
  Ready same_on_all;  // UserError if a rank differs
};

class RankScoring {
 public:
  /// `worker` is rank 0's own.
  RankScoring(Ranks& ranks, Worker& worker, RankScoringOptions options);

  /// AskedToStop; MachineError that names a rank, if it has been silent for too long.
  std::vector<Answer> answer(std::span<const Question> questions);

 private:
  struct UnderWay {
    Dealer::Piece piece;
    double since = 0;
  };

  void send_next(int rank, std::span<const Question> questions);
  void take(const Scored& scored, int from, std::vector<Answer>& answers);
  void check_patience() const;
  void say_alive();

  Ranks& ranks_;
  Worker& worker_;
  RankScoringOptions options_;
  Dealer dealer_;
  std::map<int, UnderWay> under_way_;  // by rank
  bool stopping_ = false;
  double last_alive_ = 0;
};

}  // namespace headsweep
