#include <fmt/format.h>

#include "io/json_output.h"
#include "io/trace_file.h"
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
  const Gpt2Config config = read_config(benchmark.model);
  check_trace(trace, config, benchmark.decisions);
  Job job;
  job.run.threads = benchmark.threads;
  job.run.speculation = benchmark.speculation;
  const Tokenizer tokenizer(benchmark.model);
  std::vector<Family> families;
  for (int number = 0; number < benchmark.families; ++number)
    families.push_back(seed_family(tokenizer, config, number));
  WorkOrder order = make_work_order(job, config, families);
  for (const TraceStep& step : trace) order.rule.forced_removals.push_back(step.removed);
  return {std::move(order)};
}

/// Searches all families; the first one's scores and everybody's work go into `times`.
CoordinatorOptions coordinator_options(const WorkOrder& order, const Gpt2& model,
                                       SweepTimes& times) {
  CoordinatorOptions options;
  for (std::size_t i = 0; i < order.families.size(); ++i)
    options.families.push_back({static_cast<int>(i), {}, {}, 0});
  options.same_on_all = about_this_rank(model);
  options.check_baseline = [](const Baseline&) {};
  options.begin = [] {};
  options.commit = [&, search = GreedySearch(order.rule)](const FamilyProgress& progress) mutable {
    times.work += progress.work;
    if (progress.family != 0) return;
    for (const UsedScore& used : progress.decisions) {
      const Head head = search.next_head();
      times.scores.push_back(
          {head.layer, head.head, search.tell(used.score_percent).score_percent});
    }
  };
  return options;
}

/// No time for the check of baselines, which forced decisions do not need.
WorkerOptions without_check(WorkerOptions options) {
  options.baseline = [](int) { return 1.0; };
  return options;
}

void print(const SweepTimes& times) {
  fmt::print("{}\n", times.backend);
  fmt::print("{} {} of {} candidates in {:.2f} s; loading {:.2f} s before that\n", times.families,
             times.families == 1 ? "family" : "families", times.scores.size(), times.seconds,
             times.load_seconds);
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
    const LoadedModel loaded = load_shared_model(ranks, order, "");
    Worker worker(ranks, without_check(worker_options(order, *loaded.model)));
    return exchange_messages(ranks, worker);
  }
  const WorkOrder order = share_prepared(ranks, [&] { return prepare(benchmark); }).order;
  SweepTimes times;
  const double load_start = monotonic_seconds();
  const LoadedModel loaded = load_shared_model(ranks, order, benchmark.model);
  times.load_seconds = monotonic_seconds() - load_start;
  Worker worker(ranks, without_check(worker_options(order, *loaded.model)));
  Coordinator coordinator(ranks, coordinator_options(order, *loaded.model, times));
  const double start = monotonic_seconds();
  const Outcome outcome = exchange_messages(ranks, worker, coordinator, [] {});
  times.seconds = monotonic_seconds() - start;
  times.families = benchmark.families;
  times.ranks = ranks.size();
  times.weight_bytes = loaded.model->weight_bytes();
  times.peak_memory_bytes = peak_memory_bytes();
  times.backend = loaded.backend->info().description + describe_ranks(ranks);
  if (format == Format::json) {
    fmt::print("{}\n", to_json(times));
  } else {
    print(times);
  }
  return outcome;
}

}  // namespace headsweep
