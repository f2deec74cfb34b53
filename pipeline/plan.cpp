#include "pipeline/plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/clock.h"
#include "pipeline/evaluator.h"
#include "pipeline/inputs.h"
#include "pipeline/memory.h"
#include "pipeline/planning_device.h"
#include "pipeline/ranks/serial_ranks.h"
#include "pipeline/run_store.h"
#include "pipeline/scaling/measure_cost.h"
#include "pipeline/scaling/plan_ranks.h"
#include "pipeline/shared_model.h"

namespace headsweep {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// What is found out before the model is loaded: what does not fit is refused at once.
struct Prepared {
  PlanningDevice planning;
  Ladder ladder;
  DeviceInfo info;
  std::vector<std::string> memory;  // by family, a line
};

Prepared prepare(const Job& job, const Inputs& inputs, const Ranks& alone) {
  Prepared prepared;
  prepared.planning =
      device_for_planning(job, threads_per_rank(job.run.threads, inputs.config, alone));
  prepared.ladder = ladder_for(job, prepared.planning);
  const PlannedRungs rungs = open_rungs(prepared.planning, prepared.ladder, inputs.config);
  prepared.info = rungs.info;
  for (const Family& family : inputs.families)
    prepared.memory.push_back(
        describe_memory(prepared.planning, rungs, inputs.config, family, ablation_rule(job)));
  return prepared;
}

/// A run as its file has it, or as it would begin.
RunRecord planned_run(const Job& job, const RunSpec& run, const Inputs& inputs,
                      const Prepared& prepared, const RunSetting& setting) {
  const std::filesystem::path path = run_file_path(job, run);
  RunRecord fresh = new_run(job, run, inputs.families[run.family], inputs.tokenizer, setting);
  if (prepared.planning.stands_in) take_device_of_file(fresh, path);
  return RunStore(path, std::move(fresh)).record();
}

struct PlannedRun {
  FamilyCost cost;
  int decisions = 0;  // of its search; at least, if it alternates
  int left = 0;       // of them
};

/// Says where a run's decisions will be, and how many are.
PlannedRun plan_run(const Job& job, const RunSpec& run, const RunRecord& record,
                    const FamilyCost& cost) {
  const SearchRule rule = for_family(search_rule(job, record.layers, record.heads),
                                     static_cast<int>(record.position_names.size()));
  const int decided = static_cast<int>(record.decisions.size());
  const bool over = is_over(record.status);
  // A search that alternates goes on until a whole pass removes nothing.
  fmt::print("  run file: {} ({} of {}{} decisions made)\n", run_file_path(job, run).string(),
             decided, rule.order == Order::alternate && !over ? "at least " : "",
             std::max(rule.decisions(), decided));
  return {cost, rule.decisions(), over ? 0 : std::max(rule.decisions() - decided, 1)};
}

/// What a family needs, and how far its runs have come; none if it will be left out.
std::vector<PlannedRun> plan_family(const Job& job, std::size_t i, const Inputs& inputs,
                                    const Gpt2& model, const Prepared& prepared,
                                    const RunSetting& setting) {
  const Family& family = inputs.families[i];
  fmt::print("\n{}", describe_first_prompt(family, inputs.tokenizer));
  fmt::print("  prompts: {} clean ({} tokens), {} corrupted ({} tokens)\n", family.clean.prompts(),
             family.clean.all_tokens(), family.corrupted.prompts(), family.corrupted.all_tokens());
  if (const std::string left_out = describe_left_out(family.selection); !left_out.empty())
    fmt::print("  {}\n", left_out);
  // The full model knows no ablation, so that the cheapest will do.
  const double full_mean =
      Evaluator(model, family.clean, family.corrupted, {Ablation::zero, Positions::all})
          .full()
          .mean;
  if (const auto reason = why_left_out(full_mean, family.prompts.name, job); !reason.empty()) {
    fmt::print("  left out: {}\n", reason);
    return {};
  }
  fmt::print("  full model: mean logit difference {:.4f}\n", full_mean);
  const FamilyCost cost =
      estimate_family_cost(model, {family.clean, family.corrupted, ablation_rule(job)});
  std::vector<PlannedRun> runs;
  int left = 0;
  for (const RunSpec& run : runs_of(job)) {
    if (run.family != i) continue;
    runs.push_back(plan_run(job, run, planned_run(job, run, inputs, prepared, setting), cost));
    left += runs.back().left;
  }
  fmt::print("{}", prepared.memory[i]);
  fmt::print("  work: {}{} evaluations{}, about {:.1f} s here one after the other\n",
             job.search.order == Order::alternate && left > 0 ? "at least " : "", left,
             runs.size() > 1 ? " at most (thresholds share what they both want)" : "",
             mean_of(cost.evaluation_seconds) * left);
  return runs;
}

/// The searches that are not over, as beginnings of one that has as many decisions as the longest.
WorkLeft work_left(const Job& job, const Gpt2Config& config,
                   const std::vector<std::vector<PlannedRun>>& families) {
  WorkLeft work{0, {{}, job.run.speculation, job.run.ranks_per_family}, {}};
  int most = 0;
  for (const auto& runs : families)
    for (const PlannedRun& run : runs) most = std::max(most, run.decisions);
  for (const auto& runs : families) {
    for (const PlannedRun& run : runs)
      if (run.left > 0) work.runs.families.push_back({run.cost, most - run.left});
    work.families += std::ranges::any_of(runs, [](auto& run) { return run.left > 0; }) ? 1 : 0;
  }
  work.search = typical_trace(config.layers, most / config.layers, job.search.thresholds.front());
  return work;
}

}  // namespace

std::string describe_first_prompt(const Family& family, const Tokenizer& tokenizer) {
  const PromptBatch& clean = family.clean;
  std::string text = fmt::format("family {}, first prompt, its tokens and named positions:\n  ",
                                 family.prompts.name);
  return text + describe_tokens(clean, 0, tokenizer) + "\n";
}

void plan_job(const Job& job, const PlannedRanks& planned) {
  const Inputs inputs = read_inputs(job);
  std::future<std::string> hash = hash_model(job.model.path);
  ClusterCost cluster;
  const SerialRanks alone;
  const Prepared prepared = prepare(job, inputs, alone);
  const double start = monotonic_seconds();
  const LoadedModel loaded = load_model(job.model.path, prepared.planning.device, Rung::fp32);
  cluster.loading_seconds = monotonic_seconds() - start;
  cluster.checkpoint_bytes = checkpoint_bytes(job.model.path);
  const auto& config = loaded.model->config();
  fmt::print("job {}: {} {}, threshold {} %\n", job.file.string(), inputs.families.size(),
             inputs.families.size() == 1 ? "family" : "families",
             fmt::join(job.search.thresholds, ", "));
  fmt::print("model {}: {} layers, {} heads, d_model {}, loaded in {:.1f} s\n",
             job.model.path.string(), config.layers, config.heads, config.d_model,
             cluster.loading_seconds);
  fmt::print("{}{}\n", loaded.backend->info().description, describe(prepared.planning));
  fmt::print("precision: {}\n", describe_ladder(job, prepared.planning, prepared.ladder));
  // As a run on this machine alone would have it.
  const RunSetting setting{config, hash.get(), prepared.ladder, prepared.info, alone.places(), {}};
  std::vector<std::vector<PlannedRun>> families;
  for (std::size_t i = 0; i < inputs.families.size(); ++i)
    families.push_back(plan_family(job, i, inputs, *loaded.model, prepared, setting));
  fmt::print("\nmemory: {:.0f} MB at most so far, {:.0f} MB of it weights\n",
             static_cast<double>(peak_memory_bytes()) / 1e6,
             static_cast<double>(loaded.model->weight_bytes()) / 1e6);
  print_planned_ranks(job, work_left(job, config, families), cluster, planned,
                      is_for_gpus(prepared.planning) ? RankSeat::gpu : RankSeat::socket);
}

}  // namespace headsweep
