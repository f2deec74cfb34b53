#include "pipeline/plan.h"

#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/printable.h"
#include "io/wording.h"
#include "pipeline/analyses/job_analyses.h"
#include "pipeline/clock.h"
#include "pipeline/family_warnings.h"
#include "pipeline/inputs.h"
#include "pipeline/memory.h"
#include "pipeline/planner.h"
#include "pipeline/ranks/serial_ranks.h"
#include "pipeline/scaling/measure_cost.h"
#include "pipeline/scaling/plan_ranks.h"

namespace headsweep {
namespace {

constexpr std::size_t first_families = 3;  // that are told in full where there are many

/// The searches that are not over, as beginnings of one that has as many decisions as the longest.
/// Of very many only some are simulated, which take a part of the time.
WorkLeft work_left(const Job& job, const ModelConfig& config, const Planner& planner) {
  constexpr std::size_t most_simulated = 2000;
  WorkLeft work;
  work.families = planner.families_left();
  work.runs = {{}, job.run.speculation, job.run.ranks_per_family};
  work.share_scores = job.search.resample_prompts > 0;
  int most = 0;
  std::size_t searches = 0;
  for (const SearchLeft& each : planner.left()) {
    most = std::max(most, each.decisions);
    searches += each.left > 0 ? 1 : 0;
  }
  const std::size_t step = (searches + most_simulated - 1) / most_simulated;
  std::size_t number = 0;
  for (const SearchLeft& each : planner.left())
    if (each.left > 0 && number++ % step == 0)
      work.runs.families.push_back({each.cost, most - each.left});
  if (!work.runs.families.empty())
    work.searches_for_each =
        static_cast<double>(searches) / static_cast<double>(work.runs.families.size());
  work.search = typical_trace(config.layers, most / config.layers, job.search.thresholds.front());
  return work;
}

void print_families(const Job& job, const Planner& planner, PlanForm form) {
  const auto& families = planner.families();
  const std::size_t told = form == PlanForm::all_families || families.size() <= first_families + 1
                               ? families.size()
                               : first_families;
  for (const std::string& family : std::span(families).first(told))
    print_text(stdout, "{}", family);
  if (told < families.size())
    print_text(stdout, "\n{} more families: plan {} --details\n", families.size() - told,
               job.file.string());
  print_text(stdout, "\n{}", planned_table(planner.runs()));
}

}  // namespace

std::string describe_first_prompt(const Family& family, const Tokenizer& tokenizer) {
  const PromptBatch& clean = family.clean;
  std::string text = fmt::format(
      "family {}, first prompt, its tokens and named positions (no <|endoftext|> is put before "
      "it):\n  ",
      family.prompts.name);
  return text + describe_tokens(clean, 0, tokenizer) + "\n";
}

std::string describe_first_prompts(const Job& job, const Inputs& inputs) {
  std::set<std::size_t> families;  // each with all its ablations
  for (const AblatedFamilySpec& each : ablated_families_of(job)) families.insert(each.family);
  std::string text;
  std::size_t told = 0;
  for (const std::size_t family : families) {
    if (told++ == first_families && families.size() > first_families + 1)
      return text + fmt::format("{} more families: headsweep families {}\n",
                                families.size() - first_families, job.file.string());
    text += describe_first_prompt(inputs.families[family], inputs.tokenizer);
  }
  return text;
}

void plan_job(const Job& job, const PlannedRanks& planned, PlanForm form) {
  const Inputs inputs = read_inputs(job);
  std::vector<std::string> warnings = all_prompt_warnings(job, inputs);
  print_warnings(warnings);
  std::future<std::string> hash = hash_model(job.model.path);
  ClusterCost cluster;
  const SerialRanks alone;
  const PlanPreparation prepared = prepare_plan(job, inputs, alone);
  const double start = monotonic_seconds();
  const LoadedModel loaded = load_model(job.model.path, prepared.planning.device, Rung::fp32);
  cluster.loading_seconds = monotonic_seconds() - start;
  cluster.checkpoint_bytes = checkpoint_bytes(job.model.path);
  const auto& config = loaded.model->config();
  // As a run on this machine alone would have it.
  const RunSetting setting{config, hash.get(), prepared.ladder, prepared.info, alone.places(), {}};
  const Planner planner(job, inputs, *loaded.model, prepared, setting);
  print_warnings(planner.warnings());
  warnings.insert(warnings.end(), planner.warnings().begin(), planner.warnings().end());
  const WorkLeft left = work_left(job, config, planner);
  if (form == PlanForm::json) {
    fmt::print("{}\n", to_json(PlannedJob{job.file.string(), job.model.path.string(),
                                          planner.runs(), planned.ranks,
                                          expected_seconds(left, cluster, planned), warnings}));
    return;
  }
  print_text(stdout, "job {}: {}, threshold {} %\n", job.file.string(),
             counted(std::ssize(planner.families()), "family", "families"),
             fmt::join(job.search.thresholds, ", "));
  print_text(stdout, "model {}: {} layers, {} heads, d_model {}, loaded in {:.1f} s\n",
             job.model.path.string(), config.layers, config.heads, config.d_model,
             cluster.loading_seconds);
  print_text(stdout, "{}{}\n", loaded.backend->info().description, describe(prepared.planning));
  print_text(stdout, "precision: {}\n", describe_ladder(job, prepared.planning, prepared.ladder));
  print_families(job, planner, form);
  const SearchRule rule = for_family(search_rule(job, config.layers, config.heads),
                                     first_searched(job, inputs).clean.position_names);
  print_text(stdout, "{}", describe_analyses(job, rule.decisions()));
  print_text(stdout, "\nmemory: {:.0f} MB at most so far, {:.0f} MB of it weights\n",
             static_cast<double>(peak_memory_bytes()) / 1e6,
             static_cast<double>(loaded.model->weight_bytes()) / 1e6);
  print_planned_ranks(job, left, cluster, planned,
                      is_for_gpus(prepared.planning) ? RankSeat::gpu : RankSeat::socket);
}

}  // namespace headsweep
