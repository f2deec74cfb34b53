// What a report shows, as plain values: runs, what follows from each, and what they have in common.
// pipeline/report computes it; here it becomes the data of the page.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/found_comparisons.h"
#include "io/found_runs.h"
#include "io/run_components.h"

namespace headsweep {

/// The circuit after a decision.
struct CurvePoint {
  double score_percent = 100;
  int left = 0;  // components

  bool operator==(const CurvePoint&) const = default;
};

/// What follows from a run's record.
struct RunFigures {
  std::vector<RunComponent> kept;
  int components = 0;  // that take part in the search
  double score_percent = 100;
  std::vector<CurvePoint> curve;            // a point for each decision
  std::vector<double> circuit_per_prompt;   // logit differences of the circuit
  std::vector<std::size_t> nearest;         // decisions, the smallest |margin| first
  std::size_t fragile = 0;                  // how many of `nearest` are, from the first on
  std::optional<std::size_t> same_prompts;  // an earlier run that has them
};

/// What follows from a run's analysis.
struct AnalysisFigures {
  std::vector<std::size_t> strongest;  // knock-outs, the one that costs most first
  std::optional<std::size_t> worst;    // subset of completeness: the largest incompleteness
  std::vector<std::size_t> weakest;    // components of minimality, the one that matters least first
  double cpr = 0, cmd = 0;             // MIB's areas; 0 without sizes
};

struct ReportedRun {
  FoundRun run;
  RunFigures figures;                // without a record: empty
  AnalysisFigures analysis_figures;  // without an analysis: empty
};

/// A run's searches on resampled prompts. Which components they keep, and how often, says how sure
/// the circuit is; they are shown together, never one by one.
struct ResampleGroup {
  std::string name;  // of the run on all prompts
  std::string family, corruption;
  double threshold = 0;
  std::optional<std::size_t> run;    // that one, in Report::runs
  int finished = 0, unfinished = 0;  // resamples. What follows is of finished ones
  /// By how many, if by any; at whatever position.
  std::vector<std::pair<RunComponent, int>> kept_by;
  int layers = 0, heads = 0;                       // of the model; heads 0: they took no part
  bool mlps = false;                               // took part
  int fewest = 0, most = 0;                        // components kept
  double lowest_percent = 0, highest_percent = 0;  // scores
};

/// How much two circuits have in common.
struct Overlap {
  int shared = 0, united = 0;  // components in both; in one of them at least

  /// 1 for two empty circuits: they are the same.
  double jaccard() const { return united == 0 ? 1 : static_cast<double>(shared) / united; }
  bool operator==(const Overlap&) const = default;
};

/// Finished runs on one model.
struct CircuitGroup {
  std::vector<std::size_t> runs;                      // indices in Report::runs, two at least
  std::vector<std::vector<Overlap>> overlaps;         // (runs, runs); empty of very many runs
  std::vector<std::pair<RunComponent, int>> kept_by;  // by how many of the runs, if by any; at
                                                      // whatever position
};

struct Report {
  std::string program_version;
  std::vector<ReportedRun> runs;
  std::vector<CircuitGroup> groups;
  std::vector<ResampleGroup> resamples;
  std::vector<FoundComparison> comparisons;
};

/// For the page's script: numbers rounded to what can be seen, at most `most_prompts` of each list.
/// No '<' is in it, so that nothing in it can end the element that it stands in.
std::string to_page_data(const Report& report, std::size_t most_prompts);

}  // namespace headsweep
