// The messages with which ranks share a job's work. Rank 0's coordinator deals out families; the
// rank that leads a family cuts its search into waves and sends each rank of its group a share.
#pragma once

#include <string>
#include <vector>

#include "io/run_record.h"
#include "pipeline/ranks/message.h"
#include "pipeline/search.h"

namespace headsweep {

/// "F -> L": from whom to whom. 0 is rank 0's coordinator, L a family's leader, H any rank of its
/// group, R any rank.
enum class Topic {
  ready,           // R -> 0: Ready, the model is loaded
  check_baseline,  // 0 -> R: FamilyRequest
  baseline,        // R -> 0: Baseline
  lead,            // 0 -> L: LeadRequest
  join,            // 0 -> L: JoinRequest
  share,           // L -> H: Share
  scored,          // H -> L: Scored
  progress,        // L -> 0: FamilyProgress
  stop_asked,      // R -> 0: a signal came
  stop,            // 0 -> L: finish the wave, then report
  alive,           // 0 -> R: nothing to do, but not forgotten
  quit,            // 0 -> R: Quit
};

/// What every rank must have in common, lest bits depend on who computes.
struct Ready {
  std::string device_kind, program;

  void visit(auto& archive) { archive(device_kind, program); }
};

struct FamilyRequest {
  int family = 0;

  void visit(auto& archive) { archive(family); }
};

struct Baseline {
  int family = 0;
  double full_mean = 0;

  void visit(auto& archive) { archive(family, full_mean); }
};

/// `scores` and `ranking`: what an earlier start of the run has found out.
struct LeadRequest {
  int family = 0;
  std::vector<int> group;  // ranks, the leader among them
  std::vector<double> scores, ranking;
  int waves = 0;  // of earlier starts

  void visit(auto& archive) { archive(family, group, scores, ranking, waves); }
};

struct JoinRequest {
  int family = 0;
  std::vector<int> ranks;

  void visit(auto& archive) { archive(family, ranks); }
};

/// Circuits for one rank to score.
struct Share {
  int family = 0;
  std::vector<Circuit> circuits;

  void visit(auto& archive) { archive(family, circuits); }
};

struct Scored {
  int family = 0;
  std::vector<std::vector<double>> per_prompt;  // (circuits, prompts) logit differences
  double seconds = 0;                           // of computing

  void visit(auto& archive) { archive(family, per_prompt, seconds); }
};

/// A score that the search has used, and where it comes from.
struct UsedScore {
  double score_percent = 0;
  std::vector<double> per_prompt;
  int wave = 0, rank = 0;

  void visit(auto& archive) { archive(score_percent, per_prompt, wave, rank); }
};

struct WorkDone : WorkRecord {
  void visit(auto& archive) {
    archive(waves, evaluations, discarded, compute_seconds, communication_seconds, waiting_seconds);
  }
};

/// What came out since the last report.
struct FamilyProgress {
  enum class State { searching, finished, stopped };

  int family = 0;
  State state = State::searching;
  double full_mean = 0;
  std::vector<double> full_per_prompt;  // in the first report only
  std::vector<double> ranking;          // scores of ranked layers, heads by number
  std::vector<UsedScore> decisions;
  WorkDone work;

  void visit(auto& archive) {
    archive(family, state, full_mean, full_per_prompt, ranking, decisions, work);
  }
};

/// How a job ends. `refused`: rank 0 has said what is wrong with it.
enum class Outcome { done, stopped, refused };

struct Quit {
  Outcome outcome = Outcome::done;

  void visit(auto& archive) { archive(outcome); }
};

template <class Body>
Message make_message(Topic topic, const Body& body) {
  return {static_cast<int>(topic), 0, to_bytes(body)};
}
inline Message make_message(Topic topic) { return {static_cast<int>(topic), 0, {}}; }

inline Topic topic_of(const Message& message) { return static_cast<Topic>(message.topic); }

/// The others are for a rank's worker.
inline bool is_for_coordinator(const Message& message) {
  switch (topic_of(message)) {
    case Topic::ready:
    case Topic::baseline:
    case Topic::progress:
    case Topic::stop_asked:
      return true;
    default:
      return false;
  }
}

}  // namespace headsweep
