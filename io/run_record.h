// What a run file holds, as plain values. The schema is in io/README.md.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "io/job.h"

namespace headsweep {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

struct PromptRecord {
  std::string text, answer, distractor;
  int template_id = 0;
  std::vector<int> tokens;
  int answer_token = 0, distractor_token = 0;
  std::vector<int> positions;  // token index of each of RunRecord::position_names
};

/// A precision in which circuits are evaluated.
struct RungRecord {
  std::string name;  // "fp32"
  double cost = 1;   // of an evaluation; fp32's is 1. Measured when the job began
  double error = 0;  // largest difference from fp64's score on the circuits measured when the
                     // family began, percentage points
  double guard = 0;  // now, percentage points: a decision whose margin is smaller is evaluated
                     // again one rung up

  bool operator==(const RungRecord&) const = default;
};

constexpr int no_head = -1, every_position = -1;

/// One component tried: a head, or the layer's MLP.
struct DecisionRecord {
  int layer = 0, head = 0;   // no_head: the MLP
  double score_percent = 0;  // of the circuit without the component
  double margin = 0;         // (100 - score_percent) - threshold; negative: removed
  bool removed = false;
  double seconds = 0;  // since the run began (summed over its starts) when the decision was made
  int wave = 0;        // that evaluated the circuit: from 1, counted over all starts of the run
  int rank = 0;        // that evaluated it
  int host = 0;        // of that rank: index into RunRecord::hosts
  std::vector<double> per_prompt;  // logit differences of the circuit without the component
  int rung = 0;      // that decided: index into RunRecord::rungs; 0 where there are none
  double guard = 0;  // of that rung when the decision was made, percentage points
  bool tie = false;  // margin below 1e-9 in fp64: decided by the rule
  int position = every_position;  // at which the head was tried: index into position_names

  bool is_mlp() const { return head == no_head; }
  bool operator==(const DecisionRecord&) const = default;
};

/// Order importance ranks the heads of a layer by this before it tries them.
struct SingleRemoval {
  int layer = 0, head = 0;
  double score_percent = 0;  // of the circuit at the beginning of the layer without this one head
  int rung = 0;              // that the score is from: index into RunRecord::rungs

  bool operator==(const SingleRemoval&) const = default;
};

/// A decision evaluated again in fp64 after the search.
struct AuditRecord {
  int decision = 0;          // index into RunRecord::decisions
  double score_percent = 0;  // in fp64
  bool agrees = true;        // fp64 decides the same

  bool operator==(const AuditRecord&) const = default;
};

/// What the run took. Seconds are summed over ranks and starts.
struct WorkRecord {
  int waves = 0;
  long long evaluations = 0, discarded = 0;  // discarded: speculation on them did not come true
  double compute_seconds = 0, communication_seconds = 0, waiting_seconds = 0;

  WorkRecord& operator+=(const WorkRecord& other);
  bool operator==(const WorkRecord&) const = default;
};

enum class RunStatus {
  running,  // in a file at rest: it was killed
  stopped,
  complete,
  contradicted,  // an audit found a decision that fp64 does not make
  spoilt         // the checkpoint was another at the end than at the start
};

struct RunRecord {
  RunStatus status = RunStatus::running;
  NamedValues identity;    // what the result depends on, by name: two runs with the same identity
                           // have the same result
  NamedValues provenance;  // how, where and when it came about
  std::vector<std::string> hosts;  // names; DecisionRecord::host is an index here
  std::string job;                 // the resolved job, YAML
  std::string family;
  int layers = 0, heads = 0;
  Components components = Components::heads;  // that take part
  Granularity granularity = Granularity::component;
  double threshold = 0;  // percent
  std::vector<std::string> position_names;
  std::vector<PromptRecord> clean, corrupted;
  double full_mean = 0;  // mean logit difference of the full model
  std::vector<double> full_per_prompt;
  std::vector<RungRecord> rungs;          // the ladder, lowest first
  std::vector<DecisionRecord> decisions;  // in the order in which they were made
  // A layer's heads together, by index; layers in the order in which they were ranked. Empty for
  // other orders.
  std::vector<SingleRemoval> single_removals;
  std::vector<AuditRecord> audit;
  WorkRecord work;
};

/// The value of that name; `otherwise` if there is none.
std::string value_of(const NamedValues& values, const std::string& name,
                     const std::string& otherwise);

/// Whether all of `wanted` is among them.
bool includes(const NamedValues& values, const NamedValues& wanted);

const char* name_of(RunStatus status);

/// Nothing is left to be done.
bool is_over(RunStatus status);

using HeadList = std::vector<std::pair<int, int>>;  // (layer, head)

/// What no decision has removed, in order: the circuit, once the run is complete. Granularity
/// position: heads that are kept at one position at least.
HeadList kept_heads(const RunRecord& record);
std::vector<int> kept_mlps(const RunRecord& record);  // layers

/// Granularity position: by position name.
std::vector<HeadList> kept_heads_by_position(const RunRecord& record);

/// "head 3 of layer 2", "the MLP of layer 2", "head 3 of layer 2 at S1".
std::string component_text(const DecisionRecord& decision, const RunRecord& record);

/// The score of the circuit so far: that of the last decision that removed a head, in fp64 if it
/// was audited; 100 if none did.
double circuit_score_percent(const RunRecord& record);

/// Percentage points within which a margin is called fragile; the published run has 18 of its 384
/// decisions there.
constexpr double fragile_points = 0.05;

/// Indices of the decisions with |margin| < amount: those that would fall otherwise at a threshold
/// moved by so much. The nearest first.
std::vector<std::size_t> fragile_decisions(const RunRecord& record, double amount);

}  // namespace headsweep
