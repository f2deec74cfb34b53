#include <fmt/format.h>

#include "io/atomic_file.h"
#include "io/errors.h"
#include "io/printable.h"
#include "pipeline/clock.h"
#include "pipeline/commands.h"
#include "pipeline/inputs.h"
#include "pipeline/scaling/measure_cost.h"
#include "pipeline/scaling/scaling_picture.h"

namespace headsweep {
namespace {

/// Measured here, with the job's first family; what lies between ranks keeps its defaults.
CostModel measure_here(const Job& job, const ReplayedTrace& trace) {
  const Inputs inputs = read_inputs(job);
  if (trace.rule().layers != inputs.config.layers || trace.rule().heads != inputs.config.heads)
    throw UserError(
        fmt::format("{}: the model has {} layers of {} heads, the decisions to replay are those of "
                    "{} layers of {}: give the costs of such a model with --cost (headsweep bench "
                    "cost), or another trace",
                    job.file.string(), inputs.config.layers, inputs.config.heads,
                    trace.rule().layers, trace.rule().heads));
  CostModel cost;
  const double start = monotonic_seconds();
  const LoadedModel loaded =
      load_model(job.model.path, job.run.device, Rung::fp32, job.run.threads);
  cost.cluster.loading_seconds = monotonic_seconds() - start;
  cost.cluster.checkpoint_bytes = checkpoint_bytes(job.model.path);
  cost.backend = loaded.backend->info().description;
  const Family& family = first_searched(job, inputs);
  cost.family = estimate_family_cost(
      *loaded.model,
      {family.clean, family.corrupted, ablation_rule(job, runs_of(job).front().ablation)});
  cost.cluster.handling_seconds = measure_handling_seconds(trace);
  return cost;
}

}  // namespace

void simulate_command(const Job& job, const ScalingQuestion& question) {
  if (question.trace.empty())
    throw UserError(
        "plan --simulate needs the decisions of a search to replay: --trace FILE (CSV: layer, "
        "head, "
        "score_pct, removed)");
  const ReplayedTrace trace(read_trace(question.trace), question.trace);
  const CostModel cost =
      question.cost.empty() ? measure_here(job, trace) : read_cost(question.cost);
  const auto points = simulate_scaling(trace, cost);
  const std::string caption = fmt::format("Simulated with costs of: {}", cost.backend);
  print_text(stdout, "{}; decisions of {}\n\n{}", caption, question.trace.string(),
             scaling_table(points));
  if (!question.picture.empty()) write_whole(question.picture, scaling_picture(points, caption));
}

}  // namespace headsweep
