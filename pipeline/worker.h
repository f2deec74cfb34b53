// What every rank does: it scores the circuits that it is sent, and leads the search of a family
// when it is told to.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "pipeline/leader.h"
#include "pipeline/ranks/ranks.h"
#include "pipeline/work_messages.h"

namespace headsweep {

/// A family made ready for scoring. Functions, so that a simulated rank can take their time without
/// doing their work.
struct FamilyScorer {
  int most_side_by_side = 1;
  /// Logit differences of the full model on a rung.
  std::function<std::vector<double>(int rung)> full_per_prompt;
  std::function<std::vector<Score>(int rung, std::span<const Circuit>)> score;
  int named_positions = 1;
};

struct WorkerOptions {
  CertifiedRule rule;
  Speculation speculation = Speculation::automatic;
  double patience_seconds = 600;
  Ready about_me = {};
  std::function<FamilyScorer(int family)> open_family;
  /// Logit differences of the full model, for the check before the first search.
  std::function<std::vector<double>(int family)> baseline;
};

class Worker {
 public:
  Worker(Ranks& ranks, WorkerOptions options);

  /// Tells rank 0 that work can come.
  void report_ready();

  void handle(const Message& message);

  /// Called when no message is there. MachineError if a rank has been silent for too long.
  void check_patience() const;

  /// Once rank 0 has said so.
  std::optional<Outcome> outcome() const { return outcome_; }

 private:
  const FamilyScorer& family(int number);
  void close_family();
  std::vector<Score> scores_of(const Share& share);
  void lead(const LeadRequest& request);
  FullModel full_model(const FamilyScorer& scorer,
                       const std::vector<SearchRequest>& searches) const;
  void score(const Share& share, int leader);
  void take(const Scored& scored, int from);

  Ranks& ranks_;
  WorkerOptions options_;
  // One at a time: a rank that is sent another family's circuits seldom goes back.
  int open_number_ = -1;
  FamilyScorer open_;
  std::optional<Leader> leader_;
  double heard_of_rank_0_ = 0;
  std::optional<Outcome> outcome_;
};

}  // namespace headsweep
