// A search whose decisions are known: what a simulation replays. Its tables serve all families.
#pragma once

#include <filesystem>
#include <unordered_map>
#include <vector>

#include "io/trace_file.h"
#include "model/circuit.h"
#include "pipeline/search.h"

namespace headsweep {

class ReplayedTrace {
 public:
  /// UserError unless the steps are a whole search in order backward; `file` is for the message.
  ReplayedTrace(const std::vector<TraceStep>& steps, const std::filesystem::path& file);

  const SearchRule& rule() const { return rule_; }
  /// Of the decisions, in their order.
  const std::vector<double>& scores_percent() const { return scores_; }

  /// Not-a-number for a circuit that no decision asks for: nobody knows its score, and the search
  /// learns nothing from it.
  double score_percent(const Circuit& circuit) const;

 private:
  SearchRule rule_;
  std::vector<double> scores_;
  std::unordered_map<std::vector<bool>, double> by_circuit_;
};

/// A search that never took place, of a model of any shape: 78 % of its heads are removed, as in
/// the published search on gpt2-medium, and the score falls as it does there.
std::vector<TraceStep> typical_trace(int layers, int heads, double threshold_percent);

}  // namespace headsweep
