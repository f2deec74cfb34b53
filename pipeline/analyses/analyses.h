// The analyses of some runs: what is there already, what is missing, and the making of it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "io/found_runs.h"
#include "pipeline/analyses/scorer.h"
#include "pipeline/analyses/subject.h"
#include "pipeline/ladder.h"
#include "pipeline/work_order.h"

namespace headsweep {

/// What is wanted of them.
struct AnalysisWish {
  std::vector<Analysis> make;
  SubsetDraws draws;
  Rung rung = Rung::fp32;            // on which everything is scored
  std::filesystem::path comparison;  // where `compare` is kept; empty: nowhere
};

class Analyses {
 public:
  /// Of finished runs of one model. Takes up what an earlier start has made of them.
  Analyses(std::vector<FoundRun> runs, AnalysisWish wish);

  /// Called before anything is saved: what it throws keeps that from being saved.
  void check_before_saving(std::function<void()> check) { check_ = std::move(check); }

  bool complete() const;
  /// Runs of which something is missing.
  std::size_t incomplete_runs() const;

  /// The families that the missing analyses need: those that `families` has, or else they are added
  /// to it.
  void need_families(std::vector<AblatedFamily>& families);

  /// Makes what is missing, and saves each as soon as it is there. `families`: as the order has
  /// them; `provenance`: how and where this start computes.
  void make(Scorer& scorer, const std::vector<AblatedFamily>& families,
            const NamedValues& provenance);

  const std::vector<FoundRun>& runs() const { return runs_; }
  const std::vector<AnalysisRecord>& records() const { return records_; }  // by run
  const std::optional<ComparisonRecord>& comparison() const { return comparison_; }

 private:
  bool wants(Analysis analysis) const;
  bool lacks(std::size_t run, Analysis analysis) const;
  bool lacks_any(std::size_t run) const;
  bool lacks_comparison() const;
  void make_of_run(std::size_t run, Scorer& scorer, const NamedValues& provenance);
  void make_comparison(Scorer& scorer, const std::vector<AblatedFamily>& families,
                       const NamedValues& provenance);

  std::vector<FoundRun> runs_;
  AnalysisWish wish_;
  std::function<void()> check_ = [] {};
  std::vector<AnalysisRecord> records_;
  std::vector<Subject> subjects_;
  std::optional<ComparisonRecord> comparison_;
};

/// How many circuits an analysis of a run evaluates at most; what it has asked before is not
/// evaluated again.
long long most_evaluations(Analysis analysis, std::size_t components, std::size_t kept,
                           const SubsetDraws& draws);

}  // namespace headsweep
