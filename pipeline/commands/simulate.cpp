#include <fmt/format.h>

#include "io/atomic_file.h"
#include "io/errors.h"
#include "pipeline/clock.h"
#include "pipeline/commands.h"
#include "pipeline/inputs.h"
#include "pipeline/measure_cost.h"
#include "pipeline/scaling_picture.h"
#include "pipeline/seed_sweep.h"

namespace headsweep {
namespace {

/// Measured here, with the job's first family; what lies between ranks keeps its defaults.
CostModel measure_here(const Job& job, const std::vector<TraceStep>& trace,
                       const std::filesystem::path& trace_file) {
  const Inputs inputs = read_inputs(job);
  check_trace(trace, inputs.config, trace_file);
  CostModel cost;
  const double start = monotonic_seconds();
  const LoadedModel loaded = load_model(job.model.path, job.run.device, job.run.threads);
  cost.cluster.loading_seconds = monotonic_seconds() - start;
  cost.cluster.checkpoint_bytes = checkpoint_bytes(job.model.path);
  cost.backend = loaded.backend->info().description;
  const Family& family = inputs.families.front();
  cost.family = estimate_family_cost(*loaded.model, {family.clean, family.corrupted},
                                     job.search.ablation, job.search.positions);
  return cost;
}

}  // namespace

void simulate_command(const Job& job, const ScalingQuestion& question) {
  if (question.trace.empty())
    throw UserError(
        "plan --simulate needs the decisions of a search to replay: --trace FILE (CSV: layer, "
        "head, "
        "score_pct, removed)");
  const std::vector<TraceStep> steps = read_trace(question.trace);
  const ReplayedTrace trace(steps, question.trace);
  const CostModel cost =
      question.cost.empty() ? measure_here(job, steps, question.trace) : read_cost(question.cost);
  const auto points = simulate_scaling(trace, cost);
  const std::string caption = fmt::format("Simulated with costs of: {}", cost.backend);
  fmt::print("{}; decisions of {}\n\n{}", caption, question.trace.string(), scaling_table(points));
  if (!question.picture.empty()) write_whole(question.picture, scaling_picture(points, caption));
}

}  // namespace headsweep
