#include <fmt/format.h>

#include "io/json_output.h"
#include "io/trace_file.h"
#include "io/wording.h"
#include "pipeline/clock.h"
#include "pipeline/commands.h"
#include "pipeline/memory.h"
#include "pipeline/message_loop.h"
#include "pipeline/scaling/seed_sweep.h"
#include "pipeline/shared_model.h"

namespace headsweep {
namespace {

struct Prepared {
  WorkOrder order;
};

Prepared prepare(const SweepBenchmark& benchmark) {
  const std::vector<TraceStep> trace = read_trace(benchmark.decisions);
  const ModelConfig config = read_config(benchmark.model);
  check_trace(trace, config, benchmark.decisions);
  Job job;
  job.run.device = benchmark.device;
  job.run.threads = benchmark.threads;
  job.run.speculation = benchmark.speculation;
  job.run.precision = benchmark.precision;
  job.run.audit = 0;  // scores of random weights say nothing about the published decisions
  const Tokenizer tokenizer(benchmark.model);
  std::vector<AblatedFamily> families;
  for (int number = 0; number < benchmark.families; ++number)
    families.push_back(
        ablated(seed_family(tokenizer, config, number), ablation_rule(job, Ablation::mean)));
  WorkOrder order =
      make_work_order(job, choose_ladder(job, find_device({job.run.device, job.run.threads})),
                      config, std::move(families));
  for (const TraceStep& step : trace)
    order.rule.search.forced.push_back({step.removed, step.score_percent});
  order.rule.forced_full_mean = benchmark.full_logit_difference;
  return {std::move(order)};
}

/// Searches all families; everybody's work goes into `times`, and the first one's steps and errors
/// into `first`.
CoordinatorOptions coordinator_options(const WorkOrder& order, const LoadedRungs& loaded,
                                       SweepTimes& times, FoundBefore& first) {
  CoordinatorOptions options;
  for (std::size_t i = 0; i < order.families.size(); ++i)
    options.families.push_back(
        {static_cast<int>(i), {{static_cast<int>(i), order.rule.search.threshold_percent}}});
  options.same_on_all = about_this_rank(loaded);
  options.check_baseline = [](const Baseline&, int) { return true; };
  options.begin = [] {};
  options.commit = [&](const SearchProgress& progress) {
    times.work += progress.work;
    if (progress.family != 0) return;
    first.steps.resize(progress.first_step);
    first.steps.insert(first.steps.end(), progress.steps.begin(), progress.steps.end());
    first.errors = progress.errors;
  };
  return options;
}

/// What the first family's search says of the rungs.
void describe_first(const CertifiedRule& rule, const FoundBefore& first, SweepTimes& times) {
  Guards guards(rule.ladder);
  guards.set_errors(first.errors);
  times.decisions_by_rung.assign(rule.ladder.rungs.size(), 0);
  for (std::size_t i = 0; i < rule.ladder.rungs.size(); ++i)
    times.rungs.push_back({name_of(rule.ladder.rungs[i]), rule.ladder.costs[i],
                           i < first.errors.size() ? first.errors[i] : 0,
                           guards.of(static_cast<int>(i))});
  GreedySearch search(rule.search);
  for (const SearchStep& step : first.steps) {
    apply(step, search);
    const Decision& decision = search.decisions().back();
    times.scores.push_back(
        {decision.component.layer, decision.component.head, decision.score_percent});
    ++times.decisions_by_rung[static_cast<std::size_t>(step.scores.front().rung)];
  }
}

/// No time for the check of baselines, which forced decisions do not need.
WorkerOptions without_check(WorkerOptions options) {
  options.baseline = [](int) { return std::vector{1.0}; };
  return options;
}

void print(const SweepTimes& times) {
  fmt::print("{}\n", times.backend);
  fmt::print("{} of {} candidates in {:.2f} s; loading {:.2f} s before that\n",
             counted(times.families, "family", "families"), times.scores.size(), times.seconds,
             times.load_seconds);
  for (std::size_t i = 0; i < times.rungs.size(); ++i)
    fmt::print("{}: {} decisions, cost {}, error {:.6f}, guard {:.6f} percentage points\n",
               times.rungs[i].name, times.decisions_by_rung[i], times.rungs[i].cost,
               times.rungs[i].error, times.rungs[i].guard);
  const WorkRecord& work = times.work;
  fmt::print("{} waves, {} evaluations, {} of them thrown away\n", work.waves, work.evaluations,
             work.discarded);
  fmt::print("{:.2f} s computing, {:.2f} s talking, {:.2f} s waiting, over all ranks\n",
             work.compute_seconds, work.communication_seconds, work.waiting_seconds);
  fmt::print(
      "memory: {:.0f} MB at most, {:.2f} times the layers' weights\n",
      static_cast<double>(times.peak_memory_bytes) / 1e6,
      static_cast<double>(times.peak_memory_bytes) / static_cast<double>(times.weight_bytes));
}

}  // namespace

Outcome bench_sweep_command(Ranks& ranks, const SweepBenchmark& benchmark, Format format) {
  if (ranks.rank() != 0) {
    const WorkOrder order = receive_order(ranks);
    if (order.refused) return Outcome::refused;
    const LoadedRungs loaded = load_shared_model(ranks, order, "");
    Worker worker(ranks, without_check(worker_options(order, loaded)));
    return exchange_messages(ranks, worker);
  }
  const WorkOrder order = share_prepared(ranks, [&] { return prepare(benchmark); }).order;
  SweepTimes times;
  FoundBefore first;
  const double load_start = monotonic_seconds();
  const LoadedRungs loaded = load_shared_model(ranks, order, benchmark.model);
  times.load_seconds = monotonic_seconds() - load_start;
  Worker worker(ranks, without_check(worker_options(order, loaded)));
  Coordinator coordinator(ranks, coordinator_options(order, loaded, times, first));
  const double start = monotonic_seconds();
  const Outcome outcome = search_all(ranks, worker, coordinator, [] {});
  tell_all_to_quit(ranks, outcome);
  times.seconds = monotonic_seconds() - start;
  times.families = benchmark.families;
  times.ranks = ranks.size();
  for (const LoadedModel& rung : loaded.rungs) times.weight_bytes += rung.model->weight_bytes();
  describe_first(order.rule, first, times);
  times.peak_memory_bytes = peak_memory_bytes();
  times.backend = describe(ranks, loaded);
  if (format == Format::json) {
    fmt::print("{}\n", to_json(times));
  } else {
    print(times);
  }
  return outcome;
}

}  // namespace headsweep
