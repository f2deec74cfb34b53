#include "pipeline/analyses/analyses.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "io/analysis_file.h"
#include "io/errors.h"
#include "io/printable.h"
#include "io/wording.h"
#include "pipeline/analyses/faithfulness.h"
#include "pipeline/analyses/knockouts.h"
#include "pipeline/analyses/run_families.h"
#include "pipeline/analyses/sizes.h"
#include "pipeline/analyses/store.h"
#include "pipeline/analyses/transfer.h"
#include "pipeline/clock.h"

namespace headsweep {
namespace {

NamedValues with_time(NamedValues provenance) {
  provenance.emplace_back("made", now_utc());
  return provenance;
}

/// What the others are compared with.
void score_circuit(Scorer& scorer, const Subject& subject, AnalysisRecord& record) {
  const std::vector<Circuit> circuits = {subject.everything(), subject.circuit(), subject.nothing};
  const std::vector<double> means = scorer.means(subject.family, circuits);
  record.full = scorer.full_mean(subject.family);
  record.everything = means[0];
  record.circuit = means[1];
  record.empty = means[2];
}

void check_same_model(const std::vector<FoundRun>& runs) {
  const auto model = [](const FoundRun& run) {
    return value_of(run.record->identity, "model_sha256", "");
  };
  for (const FoundRun& run : runs)
    if (model(run) != model(runs.front()))
      throw UserError(fmt::format(
          "{} and {} were made with different weights: name runs of one model at a time",
          runs.front().file.string(), run.file.string()));
}

}  // namespace

Analyses::Analyses(std::vector<FoundRun> runs, AnalysisWish wish)
    : runs_(std::move(runs)), wish_(std::move(wish)) {
  check_same_model(runs_);
  for (const FoundRun& run : runs_) {
    if (!run.analysis_problem.empty())
      print_text(stderr, "headsweep: {}; it is made again\n", run.analysis_problem);
    records_.push_back(stored_or_new_analyses(run, wish_.rung));
    subjects_.push_back(subject_of(*run.record, 0));
  }
  if (wants(Analysis::compare))
    comparison_ = stored_comparison(runs_, wish_.rung, wish_.comparison);
}

bool Analyses::wants(Analysis analysis) const {
  return std::ranges::find(wish_.make, analysis) != wish_.make.end();
}

bool Analyses::lacks(std::size_t run, Analysis analysis) const {
  const AnalysisRecord& record = records_[run];
  if (!wants(analysis)) return false;
  switch (analysis) {
    case Analysis::knockout:
      return record.knockouts.empty();
    case Analysis::faithfulness:
      return record.completeness.empty() || !has_draws(record.identity, wish_.draws);
    case Analysis::curve:
      return record.sizes.empty();
    case Analysis::compare:
      break;
  }
  return false;
}

bool Analyses::lacks_any(std::size_t run) const {
  return std::ranges::any_of(wish_.make, [&](auto each) { return lacks(run, each); });
}

bool Analyses::lacks_comparison() const { return wants(Analysis::compare) && !comparison_; }

std::size_t Analyses::incomplete_runs() const {
  std::size_t incomplete = 0;
  for (std::size_t i = 0; i < runs_.size(); ++i) incomplete += lacks_any(i) ? 1 : 0;
  return incomplete;
}

bool Analyses::complete() const { return incomplete_runs() == 0 && !lacks_comparison(); }

void Analyses::need_families(std::vector<AblatedFamily>& families) {
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    if (!lacks_any(i) && !lacks_comparison()) continue;
    const RunRecord& run = *runs_[i].record;
    const std::optional<int> known = find_family(families, run);
    subjects_[i].family = known.value_or(static_cast<int>(families.size()));
    if (!known) families.push_back(family_of(run));
  }
}

void Analyses::make(Scorer& scorer, const std::vector<AblatedFamily>& families,
                    const NamedValues& provenance) {
  for (std::size_t i = 0; i < runs_.size(); ++i) make_of_run(i, scorer, provenance);
  if (lacks_comparison()) make_comparison(scorer, families, provenance);
}

void Analyses::make_of_run(std::size_t run, Scorer& scorer, const NamedValues& provenance) {
  AnalysisRecord& record = records_[run];
  const Subject& subject = subjects_[run];
  for (const Analysis analysis : wish_.make) {
    if (!lacks(run, analysis)) continue;
    scorer.keep_only(subject.family);
    print_text(stderr, "{}: {}, at most {} evaluations\n", runs_[run].name, name_of(analysis),
               most_evaluations(analysis, subject.all.size(), subject.kept.size(), wish_.draws));
    const long long before = scorer.evaluations();
    const double start = monotonic_seconds();
    score_circuit(scorer, subject, record);
    if (analysis == Analysis::knockout) record.knockouts = knock_out(scorer, subject);
    if (analysis == Analysis::curve) record.sizes = score_sizes(scorer, subject);
    if (analysis == Analysis::faithfulness) {
      record.completeness = completeness(scorer, subject, wish_.draws);
      record.minimality = minimality(scorer, subject, wish_.draws);
      record.identity = with_draws(std::move(record.identity), wish_.draws);
    }
    record.provenance = with_time(provenance);
    check_();
    save_analyses(record, runs_[run]);
    print_text(stderr, "{}: {} is made: {} in {:.1f} s\n", runs_[run].name, name_of(analysis),
               counted(scorer.evaluations() - before, "evaluation", "evaluations"),
               monotonic_seconds() - start);
  }
}

void Analyses::make_comparison(Scorer& scorer, const std::vector<AblatedFamily>& families,
                               const NamedValues& provenance) {
  const std::vector<std::string> names = family_names(runs_);
  std::vector<ComparedCircuit> circuits;
  std::vector<ComparedFamily> compared;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const RunRecord& run = *runs_[i].record;
    circuits.push_back({runs_[i].name, subjects_[i], run.position_names});
    const int family = subjects_[i].family;
    if (std::ranges::find(compared, family, &ComparedFamily::family) == compared.end())
      compared.push_back({family, names[i], families[static_cast<std::size_t>(family)].ablation,
                          run.position_names});
  }
  print_text(stderr, "compare: {} on {}, at most {} evaluations\n",
             counted(std::ssize(circuits), "circuit", "circuits"),
             counted(std::ssize(compared), "family", "families"),
             (circuits.size() + 1) * compared.size());
  comparison_ = compare_circuits(scorer, circuits, compared);
  comparison_->run_sha256 = circuit_sums(runs_);
  comparison_->identity = comparison_identity(runs_, wish_.rung);
  comparison_->provenance = with_time(provenance);
  check_();
  if (!wish_.comparison.empty()) write_comparison_file(*comparison_, wish_.comparison);
}

long long most_evaluations(Analysis analysis, std::size_t components, std::size_t kept,
                           const SubsetDraws& draws) {
  const auto all = static_cast<long long>(components), members = static_cast<long long>(kept);
  constexpr long long always = 3;  // M, C and nothing
  switch (analysis) {
    case Analysis::knockout:
      return always + 2 * all;
    case Analysis::curve:
      return always + std::ssize(size_fractions);
    case Analysis::faithfulness: {
      const long long greedy = 2LL * draws.restarts * draws.iterations * draws.candidates;
      const long long greedy_for_each =
          2LL * for_minimality(draws.iterations) * for_minimality(draws.candidates);
      return always + 2LL * draws.random + greedy + 1 +
             members * (1 + draws.random + greedy_for_each);
    }
    case Analysis::compare:
      break;
  }
  return always;
}

}  // namespace headsweep
