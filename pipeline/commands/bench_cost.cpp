#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/cost_file.h"
#include "pipeline/clock.h"
#include "pipeline/commands.h"
#include "pipeline/scaling/measure_cost.h"
#include "pipeline/scaling/seed_sweep.h"
#include "pipeline/shared_model.h"

namespace headsweep {
namespace {

using namespace std::chrono_literals;

struct Prepared {
  WorkOrder order;
  std::vector<TraceStep> trace;
};

Prepared prepare(const CostBenchmark& benchmark) {
  Prepared prepared;
  const ModelConfig config = read_config(benchmark.model);
  if (!benchmark.trace.empty()) {
    prepared.trace = read_trace(benchmark.trace);
    check_trace(prepared.trace, config, benchmark.trace);
  }
  Job job;
  job.run.threads = benchmark.threads;
  prepared.order = make_work_order(job, {{Rung::fp32}, {1.0}, Climbing::never}, config,
                                   {ablated(seed_family(Tokenizer(benchmark.model), config, 0),
                                            ablation_rule(job, Ablation::mean))});
  return prepared;
}

Message next_message(Ranks& ranks) {
  for (;;)
    if (auto message = ranks.receive(100ms)) return std::move(*message);
}

/// Answers shares as a helper would, but scores nothing.
void answer_until_told_to_quit(Ranks& ranks, int prompts) {
  for (;;) {
    const Message message = next_message(ranks);
    if (topic_of(message) == Topic::quit) return;
    const auto share = from_bytes<Share>(message.body);
    const std::vector<double> per_prompt(static_cast<std::size_t>(prompts), 1.0);
    ranks.send(message.from,
               make_message(Topic::scored, Scored{share.family, {{100, per_prompt}}, 0}));
  }
}

/// Half of a share's way there and its scores' way back: the median over all other ranks.
double message_seconds(Ranks& ranks, const ModelConfig& config) {
  constexpr int warm_up = 50, rounds = 300;
  const Share share{0, {{Circuit(config.layers, config.heads, Circuit::Start::everything), 0}}};
  std::vector<double> times;
  for (int rank = 1; rank < ranks.size(); ++rank)
    for (int round = 0; round < warm_up + rounds; ++round) {
      const double start = ranks.seconds();
      ranks.send(rank, make_message(Topic::share, share));
      from_bytes<Scored>(next_message(ranks).body);
      if (round >= warm_up) times.push_back((ranks.seconds() - start) / 2);
    }
  std::ranges::nth_element(times, times.begin() + std::ssize(times) / 2);
  return times[times.size() / 2];
}

constexpr std::size_t broadcast_bytes = std::size_t{256} << 20;

/// All ranks: until each has the bytes, and rank 0 knows it. Bytes a second.
double broadcast_rate(Ranks& ranks) {
  std::vector<std::byte> bytes(ranks.rank() == 0 ? broadcast_bytes : 0);
  const double start = ranks.seconds();
  ranks.broadcast(bytes);
  if (ranks.rank() != 0) {
    ranks.send(0, make_message(Topic::ready));
    return 0;
  }
  for (int others = ranks.size() - 1; others > 0; --others) next_message(ranks);
  return static_cast<double>(broadcast_bytes) / (ranks.seconds() - start);
}

void print(const CostModel& cost, int ranks) {
  const FamilyCost& family = cost.family;
  const ClusterCost& cluster = cost.cluster;
  std::vector<double> milliseconds;
  for (const double seconds : family.evaluation_seconds) milliseconds.push_back(1000 * seconds);
  fmt::print("{}\n", cost.backend);
  fmt::print("one circuit, ms by layer: {:.1f}\n", fmt::join(milliseconds, " "));
  fmt::print("{} circuits side by side at most, a further one takes {:.2f} of one\n",
             family.circuits_side_by_side, family.further_circuit);
  fmt::print("a family's means and full model: {:.3f} s; the full model alone: {:.3f} s\n",
             family.family_seconds, family.baseline_seconds);
  fmt::print("loading: {:.2f} s, {:.0f} MB\n", cluster.loading_seconds,
             cluster.checkpoint_bytes / 1e6);
  fmt::print("{}: a message takes {:.1f} us, a broadcast {:.0f} MB/s\n",
             ranks > 1 ? "between ranks" : "between ranks (assumed: there is one only)",
             1e6 * cluster.message_seconds, cluster.broadcast_bytes_per_second / 1e6);
  fmt::print("handling a message: {:.1f} us\n", 1e6 * cluster.handling_seconds);
}

Outcome take_part(Ranks& ranks) {
  const WorkOrder order = receive_order(ranks);
  if (order.refused) return Outcome::refused;
  const LoadedRungs loaded = load_shared_model(ranks, order, "");
  answer_until_told_to_quit(ranks, order.families.front().clean.prompts());
  broadcast_rate(ranks);
  return Outcome::done;
}

}  // namespace

Outcome bench_cost_command(Ranks& ranks, const CostBenchmark& benchmark, Format format) {
  if (ranks.rank() != 0) return take_part(ranks);
  const auto [order, trace] = share_prepared(ranks, [&] { return prepare(benchmark); });
  CostModel cost;
  const double start = monotonic_seconds();
  const LoadedRungs loaded = load_shared_model(ranks, order, benchmark.model);
  const Model& model = *loaded.rungs.front().model;
  cost.cluster.loading_seconds = monotonic_seconds() - start;
  cost.cluster.checkpoint_bytes = checkpoint_bytes(benchmark.model);
  const ModelConfig& config = order.config;
  const auto replayed = trace.empty() ? typical_trace(config.layers, config.heads, 3) : trace;
  cost.cluster.handling_seconds =
      measure_handling_seconds(ReplayedTrace(replayed, benchmark.trace));
  cost.backend = describe(ranks, loaded);
  const AblatedFamily& family = order.families.front();
  cost.family = trace.empty() ? estimate_family_cost(model, family)
                              : measure_family_cost(model, family, trace);
  if (ranks.size() > 1) {
    cost.cluster.message_seconds = message_seconds(ranks, order.config);
    for (int rank = 1; rank < ranks.size(); ++rank)
      ranks.send(rank, make_message(Topic::quit, Quit{Outcome::done}));
    cost.cluster.broadcast_bytes_per_second = broadcast_rate(ranks);
  }
  if (format == Format::json) {
    fmt::print("{}\n", to_json(cost));
  } else {
    print(cost, ranks.size());
  }
  return Outcome::done;
}

}  // namespace headsweep
