#include "pipeline/planner.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "pipeline/evaluator.h"
#include "pipeline/family_warnings.h"
#include "pipeline/plan.h"
#include "pipeline/scaling/measure_cost.h"
#include "pipeline/shared_model.h"

namespace headsweep {

PlanPreparation prepare_plan(const Job& job, const Inputs& inputs, const Ranks& alone) {
  PlanPreparation prepared;
  prepared.planning =
      device_for_planning(job, threads_per_rank(job.run.threads, inputs.config, alone));
  prepared.ladder = ladder_for(job, prepared.planning);
  const PlannedRungs rungs = open_rungs(prepared.planning, prepared.ladder, inputs.config);
  prepared.info = rungs.info;
  for (const auto& [family, ablation] : ablated_families_of(job))
    prepared.families.push_back(plan_memory(job, prepared.planning, rungs, inputs.config,
                                            inputs.families[family], ablation_rule(job, ablation)));
  return prepared;
}

Planner::Planner(const Job& job, const Inputs& inputs, const Model& model,
                 const PlanPreparation& prepared, const RunSetting& setting)
    : job_(job),
      inputs_(inputs),
      model_(model),
      prepared_(prepared),
      setting_(setting),
      all_runs_(runs_of(job)),
      ablated_(ablated_families_of(job)) {
  for (std::size_t i = 0; i < ablated_.size();) {
    std::size_t end = i;
    while (end < ablated_.size() && ablated_[end].family == ablated_[i].family) ++end;
    plan_family(i, end);
    i = end;
  }
}

/// With all its ablations.
void Planner::plan_family(std::size_t first, std::size_t end) {
  const std::size_t number = ablated_[first].family;
  const Family& family = inputs_.families[number];
  std::string text = fmt::format("\n{}  prompts: {} clean ({} tokens), {} corrupted ({} tokens)\n",
                                 describe_first_prompt(family, inputs_.tokenizer),
                                 family.clean.prompts(), family.clean.all_tokens(),
                                 family.corrupted.prompts(), family.corrupted.all_tokens());
  if (const std::string left_out = describe_left_out(family.selection); !left_out.empty())
    text += fmt::format("  {}\n", left_out);
  // The full model knows no ablation, so that the cheapest will do.
  const Evaluation full =
      Evaluator(model_, family.clean, family.corrupted, {Ablation::zero, Positions::all},
                {1, prepared_.families[first].at_once.prompts})
          .full();
  const std::string reason = why_left_out(full.mean, family.prompts.name, job_);
  text += reason.empty() ? fmt::format("  full model: mean logit difference {:.4f}\n", full.mean)
                         : fmt::format("  left out: {}\n", reason);
  if (reason.empty())
    for (std::string& warning : labelled(job_, number, full_model_warnings(full.per_prompt)))
      warnings_.push_back(std::move(warning));
  for (std::size_t i = first; i < end; ++i) plan_ablated(i, reason, text);
  families_.push_back(std::move(text));
}

void Planner::plan_ablated(std::size_t number, const std::string& why_not, std::string& text) {
  const AblatedFamilySpec& spec = ablated_[number];
  FamilyCost cost;
  if (why_not.empty()) {
    AblatedFamily family =
        ablated(inputs_.families[spec.family], ablation_rule(job_, spec.ablation));
    family.at_once = prepared_.families[number].at_once;
    cost = estimate_family_cost(model_, family);
  }
  const std::size_t before = runs_.size();
  while (next_ < all_runs_.size() && ablated_family_of(all_runs_[next_]) == spec)
    plan_run(cost, why_not, text);
  if (!why_not.empty()) return;
  text += prepared_.families[number].memory;
  long long left = 0, searches = 0;
  for (const PlannedRun& run : std::span(runs_).subspan(before)) {
    left += run.left;
    searches += 1 + run.resamples;
  }
  if (left > 0) families_left_.insert(number);
  const bool at_least = left > 0 && std::ranges::count(job_.search.orders, Order::alternate) > 0;
  text += fmt::format("  work: {}{} evaluations{}, about {:.1f} s here one after the other\n",
                      at_least ? "at least " : "", left,
                      searches > 1 ? " at most (searches share what several of them want)" : "",
                      mean(cost.evaluation_seconds) * static_cast<double>(left));
}

/// A run with its resamples, which follow it.
void Planner::plan_run(const FamilyCost& cost, const std::string& why_not, std::string& text) {
  const RunSpec& first = all_runs_[next_];
  const FamilySpec& family = job_.families[first.family];
  PlannedRun run;
  run.file = run_file_path(job_, first).string();
  run.family = family.name;
  run.corruption = name_of(family.corruption);
  run.threshold = first.threshold;
  run.order = name_of(first.order);
  run.ablation = name_of(first.ablation);
  run.resamples = job_.search.resample_prompts;
  run.prompts = inputs_.families[first.family].clean.prompts();
  run.reason = why_not;
  std::set<std::string> states;
  do {
    const RunSpec& each = all_runs_[next_++];
    if (why_not.empty()) states.insert(look_at(each, cost, run, text));
  } while (next_ < all_runs_.size() && all_runs_[next_].resample > 0);
  run.state = !why_not.empty() ? "left out" : states.size() == 1 ? *states.begin() : "begun";
  if (why_not.empty()) run.seconds = mean(cost.evaluation_seconds) * static_cast<double>(run.left);
  runs_.push_back(std::move(run));
}

/// Adds up a search's decisions; returns its state.
std::string Planner::look_at(const RunSpec& spec, const FamilyCost& cost, PlannedRun& run,
                             std::string& text) {
  const RunRecord record = record_of(spec);
  const SearchRule rule = for_run(
      for_family(search_rule(job_, record.layers, record.heads), record.position_names), spec);
  const int decided = static_cast<int>(record.decisions.size());
  const int all = std::max(rule.decisions(), decided);
  const bool over = is_over(record.status);
  const int left = over ? 0 : std::max(rule.decisions() - decided, 1);
  run.decisions += all;
  run.left += left;
  left_.push_back({cost, rule.decisions(), left});
  // A search that alternates goes on until a whole pass removes nothing.
  if (spec.resample == 0)
    text += fmt::format(
        "  run file: {} ({} of {}{} decisions made){}\n", run.file, decided,
        rule.order == Order::alternate && !over ? "at least " : "", all,
        run.resamples > 0 ? fmt::format(", and {} on drawn prompts", run.resamples) : "");
  return over ? "complete" : decided > 0 ? "begun" : "new";
}

/// A run as its file has it, or as it would begin.
RunRecord Planner::record_of(const RunSpec& run) const {
  const std::filesystem::path path = run_file_path(job_, run);
  RunRecord fresh = new_run(job_, run, inputs_.families[run.family], inputs_.tokenizer, setting_);
  if (prepared_.planning.stands_in) take_device_of_file(fresh, path);
  return RunStore(path, std::move(fresh)).record();
}

}  // namespace headsweep
