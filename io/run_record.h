// What a run file holds, as plain values. The schema is in io/README.md.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace headsweep {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

struct PromptRecord {
  std::string text, answer, distractor;
  int template_id = 0;
  std::vector<int> tokens;
  int answer_token = 0, distractor_token = 0;
  std::vector<int> positions;  // token index of each of RunRecord::position_names
};

/// One head tried.
struct DecisionRecord {
  int layer = 0, head = 0;
  double score_percent = 0;  // of the circuit without the head
  double margin = 0;         // (100 - score_percent) - threshold; negative: removed
  bool removed = false;
  double seconds = 0;  // since the run began (summed over its starts) when the decision was made
  int wave = 0;        // that evaluated the circuit: from 1, counted over all starts of the run
  int rank = 0;        // that evaluated it
  int host = 0;        // of that rank: index into RunRecord::hosts
  std::vector<double> per_prompt;  // logit differences of the circuit without the head

  bool operator==(const DecisionRecord&) const = default;
};

/// Order importance ranks the heads of a layer by this before it tries them.
struct SingleRemoval {
  int layer = 0, head = 0;
  double score_percent = 0;  // of the circuit at the beginning of the layer without this one head

  bool operator==(const SingleRemoval&) const = default;
};

/// What the run took. Seconds are summed over ranks and starts.
struct WorkRecord {
  int waves = 0;
  long long evaluations = 0, discarded = 0;  // discarded: speculation on them did not come true
  double compute_seconds = 0, communication_seconds = 0, waiting_seconds = 0;

  WorkRecord& operator+=(const WorkRecord& other);
  bool operator==(const WorkRecord&) const = default;
};

enum class RunStatus { running, stopped, complete };  // `running` in a file at rest: it was killed

struct RunRecord {
  RunStatus status = RunStatus::running;
  NamedValues identity;    // what the result depends on, by name: two runs with the same identity
                           // have the same result
  NamedValues provenance;  // how, where and when it came about
  std::vector<std::string> hosts;  // names; DecisionRecord::host is an index here
  std::string job;                 // the resolved job, YAML
  std::string family;
  int layers = 0, heads = 0;
  double threshold = 0;  // percent
  std::vector<std::string> position_names;
  std::vector<PromptRecord> clean, corrupted;
  double full_mean = 0;  // mean logit difference of the full model
  std::vector<double> full_per_prompt;
  std::vector<DecisionRecord> decisions;  // in the order in which they were made
  // A layer's heads together, by index; layers in the order in which they were ranked. Empty for
  // order backward.
  std::vector<SingleRemoval> single_removals;
  WorkRecord work;
};

/// The value of that name; `otherwise` if there is none.
std::string value_of(const NamedValues& values, const std::string& name,
                     const std::string& otherwise);

const char* name_of(RunStatus status);

/// The heads that no decision has removed, in order: the circuit, once the run is complete.
std::vector<std::pair<int, int>> kept_heads(const RunRecord& record);

/// The score of the circuit so far: that of the last decision that removed a head; 100 if none did.
double circuit_score_percent(const RunRecord& record);

}  // namespace headsweep
