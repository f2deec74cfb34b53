// The messages with which ranks share a job's work. Rank 0's coordinator deals out families; the
// rank that leads a family cuts its search into waves and sends each rank of its group a share.
#pragma once

#include <string>
#include <vector>

#include "io/run_record.h"
#include "pipeline/certified_search.h"
#include "pipeline/ranks/message.h"

namespace headsweep {

/// A family in a message is one with its ablation, by its number in WorkOrder::families.
///
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
  progress,        // L -> 0: SearchProgress
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
  std::vector<double> full_per_prompt;  // logit differences of the full model

  void visit(auto& archive) { archive(family, full_per_prompt); }
};

/// What an earlier start of a family's search has found out.
struct FoundBefore {
  std::vector<SearchStep> steps;
  std::vector<double> errors;  // as in Guards; empty: not measured
  int waves = 0;

  bool nothing() const { return errors.empty() && steps.empty(); }
  void visit(auto& archive) { archive(steps, errors, waves); }
};

/// One of the searches of a family: they differ in what is here.
struct SearchRequest {
  int run = 0;  // its number in the job
  double threshold_percent = 0;
  Order order = Order::backward;
  std::vector<int> prompts = {};  // that it searches on, by number; empty: all, as they are
  FoundBefore before = {};

  void visit(auto& archive) { archive(run, threshold_percent, order, prompts, before); }
};

struct LeadRequest {
  int family = 0;
  std::vector<int> group;  // ranks, the leader among them
  std::vector<SearchRequest> searches;

  void visit(auto& archive) { archive(family, group, searches); }
};

struct JoinRequest {
  int family = 0;
  std::vector<int> ranks;

  void visit(auto& archive) { archive(family, ranks); }
};

/// Circuits for one rank to score.
struct Share {
  int family = 0;
  std::vector<Trial> trials;

  void visit(auto& archive) { archive(family, trials); }
};

/// A circuit's score on a rung, of the full model on that rung.
struct Score {
  double percent = 0;
  std::vector<double> per_prompt;  // logit differences
  double full_mean = 0;            // of the full model's, on that rung

  void visit(auto& archive) { archive(percent, per_prompt, full_mean); }
};

struct Scored {
  int family = 0;
  std::vector<Score> scores;  // by trial of the share
  double seconds = 0;         // of computing

  void visit(auto& archive) { archive(family, scores, seconds); }
};

struct WorkDone : WorkRecord {
  void visit(auto& archive) {
    archive(waves, evaluations, discarded, compute_seconds, communication_seconds, waiting_seconds);
  }
};

/// What came out of a search since its last report.
struct SearchProgress {
  enum class State { searching, finished, stopped };

  int family = 0, run = 0;
  State state = State::searching;
  std::vector<double> full_per_prompt;  // of the top rung; in the first report only
  std::size_t first_step = 0;           // from which on the search's steps are
  std::vector<SearchStep> steps;        // these
  std::vector<double> errors;           // as in Guards; empty: not measured yet
  std::vector<Audited> audited;         // all so far
  WorkDone work;

  void visit(auto& archive) {
    archive(family, run, state, full_per_prompt, first_step, steps, errors, audited, work);
  }
};

/// How a job ends. `refused`: rank 0 has said what is wrong with it. `contradicted`: fp64 does not
/// make some decision that was made. `failed`: some family could not be searched; the others were.
enum class Outcome { done, stopped, refused, contradicted, failed };

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
