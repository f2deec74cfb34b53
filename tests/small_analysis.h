// Analyses of tests/small_run.h, made up, in numbers that can be reckoned by hand: the full model's
// mean is 2.5, so 0.025 are one percent.
#pragma once

#include <limits>
#include <string>

#include "io/analysis_file.h"
#include "tests/small_run.h"

namespace headsweep {

/// Every analysis. The worst subset that completeness has is {1.1}, by 0.25.
inline AnalysisRecord small_analysis(const RunRecord& run = small_run()) {
  using Choice = CompletenessRecord::Choice;
  AnalysisRecord analysis;
  analysis.identity = analysed_run(run);
  analysis.identity.insert(analysis.identity.end(), {{"program", "0.1.0"}, {"rung", "fp32"}});
  analysis.provenance = {{"device", "cpu"}, {"made", "2026-11-26"}};
  analysis.run = "even.repeat_last.T3";
  analysis.family = run.family;
  analysis.corruption = "repeat_last";
  analysis.threshold = run.threshold;
  analysis.layers = run.layers;
  analysis.heads = run.heads;
  analysis.position_names = run.position_names;
  analysis.full = analysis.everything = 2.5;
  analysis.circuit = 2.45625;
  analysis.empty = -0.5;
  // 0.0 does harm: without it the mean rises by 4 %.
  analysis.knockouts = {{{0, 0}, 2.6, -0.5},   {{0, 1}, 0.75, 0.25}, {{0, 2}, 2.475, -0.25},
                        {{1, 0}, 2.45, -0.75}, {{1, 1}, 1.5, 1},     {{1, 2}, 2.5, -0.5}};
  analysis.completeness = {{Choice::random, {{0, 1}}, 0.5, 0.625},
                           {Choice::greedy, {{1, 1}}, 1.25, 1.5},
                           {Choice::whole, {{0, 1}, {1, 1}}, -0.5, -0.375}};
  analysis.minimality = {{{0, 1}, {}, 2.45625, 0.95625}, {{1, 1}, {{0, 1}}, 0.75, 0.25}};
  analysis.sizes = {{0.1, 1, 0.25}, {0.5, 3, 2.2}, {1, 6, 2.5}};
  return analysis;
}

/// Of two circuits on two families. The second means nothing on the first's family.
inline ComparisonRecord small_comparison() {
  ComparisonRecord comparison;
  comparison.identity = {{"program", "0.1.0"}, {"model_sha256", "abc"}, {"rung", "fp32"}};
  comparison.provenance = {{"device", "cpu"}};
  comparison.circuits = {"even.repeat_last.T3", "odd.shuffle.T3"};
  comparison.run_sha256 = {circuit_sha256(small_run()), "0123"};
  comparison.families = {"even.repeat_last", "odd.shuffle"};
  comparison.full = {2.5, 4};
  comparison.empty = {-0.5, 0.25};
  comparison.means = {{2.45625, 1}, {std::numeric_limits<double>::quiet_NaN(), 3.9}};
  return comparison;
}

}  // namespace headsweep
