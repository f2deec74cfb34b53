// What `--json` prints: stable forms, documented in io/README.md. Every number is written so that
// it reads back to the same bits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/run_record.h"

namespace headsweep {

/// `headsweep prompt`.
struct NextTokenTable {
  struct Row {
    int id = 0;
    std::string text;
    double logit = 0, probability = 0;
  };
  std::vector<int> tokens;
  int answer_token = 0;
  int rank = 0;          // of the answer among all tokens; 0: the most likely
  std::vector<Row> top;  // most likely first
};

/// `headsweep score`.
struct ScoreResult {
  double score_percent = 0;
  double logit_difference = 0;     // mean over the prompts
  std::vector<double> per_prompt;  // logit differences
};

/// `headsweep model`.
struct ModelSummary {
  std::string path, kind, layout;  // kind: config.json's model_type; layout: "prefixed" or "hub"
  int layers = 0, heads = 0, d_model = 0, d_head = 0, d_mlp = 0, positions = 0, vocabulary = 0;
  double layer_norm_epsilon = 0;
  std::vector<std::string> element_types;  // of the tensors that are used: "F32"
  long long parameters = 0;
  std::string sha256;            // of the weights
  std::string tokenizer_sha256;  // of its files
};

/// `headsweep bench sweep`.
struct SweepTimes {
  struct Score {
    int layer = 0, head = 0;
    double score_percent = 0;
  };
  double seconds = 0;  // means, full models and all candidates; the model is loaded before
  double load_seconds = 0;
  int families = 1, ranks = 1;
  WorkRecord work;  // of all families
  long long weight_bytes = 0, peak_memory_bytes = 0;
  std::string backend;
  std::vector<RungRecord> rungs;       // of the first family
  std::vector<int> decisions_by_rung;  // likewise
  std::vector<Score> scores;           // likewise
};

/// `headsweep verify`: decisions of a run, and what fp64 says here.
struct VerifiedDecision {
  int decision = 0, layer = 0, head = 0;  // no_head: the layer's MLP
  double score_percent = 0, exact_score_percent = 0;
  double margin = 0, exact_margin = 0;  // percentage points; negative: removed
  bool agrees = true;
};
struct VerifiedRun {
  std::string device;
  std::vector<VerifiedDecision> decisions;
};

/// `headsweep verify --against`: decisions of a published search, and what is found here for the
/// same circuits.
struct ReproducedDecision {
  int decision = 0, layer = 0, head = 0;          // no_head: the layer's MLP
  std::optional<double> published_score_percent;  // none where only removals were published
  double score_percent = 0;
  bool published_removed = false, removed = false;
};
struct ReproducedRun {
  double threshold_percent = 0;
  double within = 0;   // percentage points by which scores may differ
  std::string device;  // that scored what the run has not
  std::vector<ReproducedDecision> decisions;
  int scored_here = 0;                // circuits that the run has not
  int run_decisions = 0;              // of the run's own search
  bool published_to_the_end = false;  // else circuits cannot be compared
  bool same_circuit = false;
  int published_kept = 0, kept = 0, shared = 0;  // components
};

/// `headsweep families`.
struct ListedFamily {
  struct LeftOut {
    std::string text, reason;
  };
  std::string name, corruption;
  std::vector<std::string> position_names;
  std::vector<PromptRecord> clean, corrupted;
  int generated = 0;  // clean prompts, those that are left out included; 0: they are from a file
  std::vector<LeftOut> prompts_left_out, words_left_out;
  std::vector<std::string> warnings = {};
};

std::string to_json(const std::vector<ListedFamily>& families);
std::string to_json(const VerifiedRun& run);
std::string to_json(const ReproducedRun& run);
std::string to_json(const NextTokenTable& table);
std::string to_json(const ScoreResult& result);
std::string to_json(const ModelSummary& summary);
std::string to_json(const SweepTimes& times);
std::string to_json(const RunRecord& record);  // `headsweep show`

}  // namespace headsweep
