// Searches of made-up families on simulated ranks, and what rank 0 has got of them.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

#include "pipeline/scaling/simulated_job.h"
#include "tests/pipeline/made_up_family.h"

namespace headsweep {

/// What came of one family.
struct Got {
  std::vector<SearchStep> steps;
  std::vector<double> errors;
  std::vector<Audited> audited;
  SearchProgress::State state = SearchProgress::State::searching;
  double full_mean = 0, ended_at = -1;
  WorkDone work;
  int families_left_behind = 0;  // reports after the last

  std::vector<double> ranking() const { return scores_of(SearchStep::Kind::ranking); }
  std::vector<double> scores() const { return scores_of(SearchStep::Kind::decision); }
  /// By decision.
  std::vector<UsedScore> decisions() const {
    std::vector<UsedScore> result;
    for (const SearchStep& step : steps)
      if (step.kind == SearchStep::Kind::decision) result.push_back(step.scores.front());
    return result;
  }
  std::vector<std::vector<double>> per_prompt() const {
    std::vector<std::vector<double>> result;
    for (const UsedScore& used : decisions()) result.push_back(used.per_prompt);
    return result;
  }

 private:
  std::vector<double> scores_of(SearchStep::Kind kind) const {
    std::vector<double> result;
    for (const SearchStep& step : steps)
      for (const UsedScore& used : step.scores)
        if (step.kind == kind) result.push_back(used.score_percent);
    return result;
  }
};

struct SimulatedSearch {
  SimulatedSearch(int ranks_, int families_) : ranks(ranks_), families(families_) {}
  // Its callbacks keep its address.
  SimulatedSearch(const SimulatedSearch&) = delete;
  SimulatedSearch& operator=(const SimulatedSearch&) = delete;

  int ranks, families;
  SearchRule rule{5, 4, Order::backward, 3.0};
  int named_positions = 1;
  Ladder ladder{{Rung::fp64}, {1.0}};
  double audit_percent = 0;
  Speculation speculation = Speculation::automatic;
  int ranks_per_family = 0, side_by_side = 1;
  double message_seconds = 1e-5;
  std::vector<double> thresholds = {};  // of each family's searches; empty: the rule's
  std::vector<PendingFamily> pending;   // empty: all families from the beginning
  /// Seconds for a circuit of the family.
  std::function<double(int family)> circuit_seconds = [](int) { return 0.1; };
  std::function<std::vector<double>(int family, const Circuit&)> logit_differences =
      made_up::logit_differences;
  /// Added to the score of a circuit on a rung, percentage points.
  std::function<double(int rung, const Circuit&)> error = [](int, const Circuit&) { return 0.0; };
  std::function<bool(const Baseline&, int run)> usable = [](const Baseline&, int) { return true; };
  /// Called with each message before it is handled.
  std::function<void(int rank, const Message&)> watch;
  /// By rank, for those that differ.
  std::map<int, Ready> others;

  /// By run: a family's number where each has one threshold, else its first run is the family's
  /// number times that of the thresholds. Fixed once put_together() was called.
  std::map<int, Got> got;
  int begun = 0;  // how often the coordinator said that searches begin
  std::unique_ptr<SimulatedCluster> cluster;
  std::unique_ptr<SimulatedJob> job;

  double run() {
    if (!job) put_together();
    return job->run();
  }

  void put_together() {
    cluster = std::make_unique<SimulatedCluster>(ranks, 4, message_seconds);
    if (pending.empty())
      for (int family = 0; family < families; ++family)
        pending.push_back({family, searches_of(family)});
    for (const PendingFamily& family : pending)
      for (const SearchRequest& search : family.searches)
        if (!search.before.nothing()) got[search.run].steps = search.before.steps;
    job = std::make_unique<SimulatedJob>(*cluster, coordinator_options(),
                                         [this](int rank) { return worker_options(rank); });
    job->watch = watch;
  }

  /// From the beginning.
  std::vector<SearchRequest> searches_of(int family) const {
    const auto all = thresholds.empty() ? std::vector{rule.threshold_percent} : thresholds;
    std::vector<SearchRequest> searches;
    for (const double threshold : all)
      searches.push_back({family * static_cast<int>(all.size()) + static_cast<int>(searches.size()),
                          threshold, rule.order});
    return searches;
  }

 private:
  CoordinatorOptions coordinator_options() {
    return {.families = pending,
            .ranks_per_family = ranks_per_family,
            .patience_seconds = 600,
            .same_on_all = {"simulated", "1"},
            .check_baseline = usable,
            .begin = [this] { ++begun; },
            .commit = [this](const SearchProgress& progress) { commit(progress); }};
  }

  WorkerOptions worker_options(int rank) {
    const auto open_family = [this, rank](int family) {
      return FamilyScorer{
          side_by_side, [family](int) { return made_up::full_per_prompt(family); },
          [this, rank, family](int rung, std::span<const Circuit> circuits) {
            std::vector<Score> scores;
            for (const Circuit& circuit : circuits) scores.push_back(score(family, rung, circuit));
            cluster->spend(rank, circuit_seconds(family) * static_cast<double>(circuits.size()));
            return scores;
          },
          named_positions};
    };
    const auto baseline = made_up::full_per_prompt;
    const Ready me = others.contains(rank) ? others[rank] : Ready{"simulated", "1"};
    return {{rule, ladder, audit_percent}, speculation, 600, me, open_family, baseline};
  }

  Score score(int family, int rung, const Circuit& circuit) const {
    std::vector<double> differences = logit_differences(family, circuit);
    const double full = mean(made_up::full_per_prompt(family));
    for (double& difference : differences) difference += full * error(rung, circuit) / 100;
    const double percent = scored(differences, full).score_percent;
    return {percent, std::move(differences)};
  }

  void commit(const SearchProgress& progress) {
    Got& family = got[progress.run];
    if (family.state != SearchProgress::State::searching) ++family.families_left_behind;
    family.state = progress.state;
    if (!progress.full_per_prompt.empty()) family.full_mean = mean(progress.full_per_prompt);
    family.steps.resize(progress.first_step);
    family.steps.insert(family.steps.end(), progress.steps.begin(), progress.steps.end());
    family.errors = progress.errors;
    family.audited = progress.audited;
    family.work.waves += progress.work.waves;
    family.work.evaluations += progress.work.evaluations;
    family.work.discarded += progress.work.discarded;
    family.work.compute_seconds += progress.work.compute_seconds;
    family.ended_at = cluster->rank(0).seconds();
  }
};

}  // namespace headsweep
