#include "pipeline/scaling/simulation.h"

#include <algorithm>

#include <fmt/format.h>

#include "io/errors.h"
#include "pipeline/scaling/simulated_job.h"

namespace headsweep {
namespace {

/// Circuits side by side share their matrix products: the deepest takes its whole time, the others
/// a part of theirs.
double scoring_seconds(const FamilyCost& cost, std::span<const Circuit> circuits) {
  const auto most = static_cast<std::size_t>(cost.circuits_side_by_side);
  double sum = 0;
  for (; !circuits.empty(); circuits = circuits.subspan(std::min(most, circuits.size()))) {
    double longest = 0, all = 0;
    for (const Circuit& circuit : circuits.first(std::min(most, circuits.size()))) {
      const auto layer = static_cast<std::size_t>(circuit.first_reduced_layer());
      const double seconds = cost.evaluation_seconds[layer];
      longest = std::max(longest, seconds);
      all += seconds;
    }
    sum += longest + cost.further_circuit * (all - longest);
  }
  return sum;
}

/// Decisions of a known search are right on any rung.
const Ladder one_rung{{Rung::fp32}, {1.0}, Climbing::never};

std::size_t decided_before(const SimulatedFamily& family) {
  return static_cast<std::size_t>(family.decided);
}

/// One replay: the callbacks of a cluster's ranks, and what they add up.
class Replay {
 public:
  Replay(const ReplayedTrace& trace, const ClusterCost& costs, const SimulatedWork& work, int ranks)
      : trace_(trace),
        work_(work),
        cluster_(ranks, 1, costs.message_seconds),
        job_(cluster_, coordinator_options(), [this](int rank) { return worker_options(rank); }) {
    job_.handling_seconds = costs.handling_seconds;
  }

  SimulationResult run() {
    result_.search_seconds = job_.run();
    return result_;
  }

 private:
  CoordinatorOptions coordinator_options() {
    CoordinatorOptions options;
    const auto& scores = trace_.scores_percent();
    for (std::size_t i = 0; i < work_.families.size(); ++i) {
      const int number = static_cast<int>(i);
      SearchRequest search{number, trace_.rule().threshold_percent};
      for (const double score : std::span(scores).first(decided_before(work_.families[i])))
        search.before.steps.push_back({SearchStep::Kind::decision, {UsedScore{score}}});
      options.families.push_back({number, {std::move(search)}});
    }
    options.ranks_per_family = work_.ranks_per_family;
    options.check_baseline = [](const Baseline&, int) { return true; };
    options.begin = [] {};
    options.commit = [this](const SearchProgress& progress) {
      result_.waves += progress.work.waves;
      result_.evaluations += progress.work.evaluations;
      result_.discarded += progress.work.discarded;
      result_.compute_seconds += progress.work.compute_seconds;
    };
    return options;
  }

  WorkerOptions worker_options(int rank) {
    WorkerOptions options;
    options.rule = {.search = trace_.rule(), .ladder = one_rung};
    options.speculation = work_.speculation;
    options.open_family = [this, rank](int family) { return open_family(rank, family); };
    options.baseline = [this, rank](int family) {
      cluster_.spend(rank, cost(family).baseline_seconds);
      return std::vector{1.0};
    };
    return options;
  }

  FamilyScorer open_family(int rank, int family) {
    cluster_.spend(rank, cost(family).family_seconds);
    return {cost(family).circuits_side_by_side, [](int) { return std::vector{1.0}; },
            [this, rank, family](int, std::span<const Circuit> circuits) {
              std::vector<Score> scores;
              for (const Circuit& circuit : circuits) {
                const double percent = trace_.score_percent(circuit);
                scores.push_back({percent, {percent / 100}});
              }
              cluster_.spend(rank, scoring_seconds(cost(family), circuits));
              return scores;
            }};
  }

  const FamilyCost& cost(int family) const {
    return work_.families[static_cast<std::size_t>(family)].cost;
  }

  const ReplayedTrace& trace_;
  const SimulatedWork& work_;
  SimulationResult result_;
  SimulatedCluster cluster_;
  SimulatedJob job_;
};

}  // namespace

SimulatedWork equal_families(const FamilyCost& cost, int families) {
  SimulatedWork work;
  work.families.assign(static_cast<std::size_t>(families), SimulatedFamily{cost});
  return work;
}

SimulationResult simulate(const ReplayedTrace& trace, const ClusterCost& cluster,
                          const SimulatedWork& work, int ranks) {
  const int layers = trace.rule().layers;
  for (const SimulatedFamily& family : work.families)
    if (std::ssize(family.cost.evaluation_seconds) != layers)
      throw UserError(fmt::format(
          "the costs are those of a model with {} layers, the decisions to replay those "
          "of one with {}: measure with the same shape (headsweep bench cost)",
          family.cost.evaluation_seconds.size(), layers));
  SimulationResult result = Replay(trace, cluster, work, ranks).run();
  const double broadcast =
      ranks > 1 ? cluster.checkpoint_bytes / cluster.broadcast_bytes_per_second : 0;
  result.seconds = cluster.loading_seconds + broadcast + result.search_seconds;
  return result;
}

}  // namespace headsweep
