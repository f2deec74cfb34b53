#include "io/job_keys.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "io/job_key_texts.h"
#include "io/job_limits.h"

namespace headsweep {
namespace {

const std::string seed_values = whole_number(0, std::numeric_limits<int>::max());

JobSection whole_file() {
  return {
      "",
      {{"model", "mapping", required, "the checkpoint", "job-file.md#model"},
       {"families", "list of mappings", required, "the prompts", "job-file.md#families"},
       {"search", "mapping", "all defaults", "how circuits are looked for", "job-file.md#search"},
       {"sweep", "mapping", "all runs", "which of the job's combinations are run",
        "job-file.md#sweep"},
       {"run", "mapping", "all defaults", "where, how fast and how exactly it is computed",
        "job-file.md#run"},
       {"analyses", "mapping", "none", "what is found out about the circuits afterwards",
        "job-file.md#analyses"}}};
}

JobSection model_section() {
  return {
      "model",
      {{"path", "folder", required,
        "the checkpoint: `config.json`, `*.safetensors` (also sharded), the tokenizer; relative to "
        "the job file",
        "models.md"},
       {"processing", names_of_all<Processing>(), as_code(name_of(Job().model.processing)),
        "how `headsweep prompt` shows logits; no score depends on it", "semantics.md#the-model"}}};
}

std::vector<JobKey> what_is_searched() {
  const auto& search = Job().search;
  std::vector<std::string> components;
  for (const Components each : components_by_name) components.emplace_back(name_of(each));
  return {
      {"rule", "`greedy`", "`greedy`", "how a circuit is found", "semantics.md#the-search"},
      {"order", names_of_all<Order>() + "; or a list", as_code(name_of(search.orders.front())),
       "which component is tried when; a list makes a run of each", "semantics.md#the-search"},
      {"threshold", fmt::format("number, at least 0, below {:.0f}; or a list", threshold_limit),
       as_number(search.thresholds.front()),
       "percent of the full model's logit difference that may be lost; a list makes a run of each",
       "semantics.md#the-search"},
      {"components", as_codes(components) + "; or a list of both",
       as_code(name_of(search.components)),
       "what the search may remove; what takes no part stays as it is in the full model",
       "semantics.md#ablation"},
      {"mlp_means", names_of_all<MlpMeans>(), as_code(name_of(search.mlp_means)),
       "what the means of MLP outputs are taken of", "semantics.md#ablation"},
      {"granularity", names_of_all<Granularity>(), as_code(name_of(search.granularity)),
       "what is removed at once: a component, or a head at one named position (needs `positions` "
       "`own` or `union`)",
       "semantics.md#the-search"},
      {"ablation", names_of_all<Ablation>() + "; or a list",
       as_code(name_of(search.ablations.front())),
       "what stands in for what is removed; a list makes a run of each", "semantics.md#ablation"},
      {"positions", names_of_all<Positions>(), as_code(name_of(search.positions)),
       "where a kept component is kept", "semantics.md#ablation"}};
}

JobSection search_section() {
  const auto& search = Job().search;
  std::vector<JobKey> keys = what_is_searched();
  const std::vector<JobKey> more = {
      {"allow_nonpositive_baseline", "`true`, `false`", as_flag(search.allow_nonpositive_baseline),
       "go on although the full model does not prefer the answers, so that percentages mean little",
       "semantics.md#the-search"},
      {"resample_prompts", whole_number(0, most_resamples), as_number(search.resample_prompts),
       "so many more searches on drawn prompts: how often is a component kept?",
       "sweeps.md#how-sure-is-a-head-drawn-prompts"},
      {"resample_seed", seed_values, as_number(search.resample_seed), "of the drawing",
       "sweeps.md#how-sure-is-a-head-drawn-prompts"}};
  keys.insert(keys.end(), more.begin(), more.end());
  return {"search", keys};
}

JobSection sweep_section() {
  const char* page = "sweeps.md#leaving-runs-out";
  return {
      "sweep",
      {{"include", "list of mappings", "all runs", "a run is made if an entry is about it", page},
       {"exclude", "list of mappings", "none", "a run is left out if an entry is about it", page}}};
}

JobSection sweep_entry() {
  const char* page = "sweeps.md#leaving-runs-out";
  const std::string several = "; or a list";
  const auto key = [&](const char* name, const std::string& values, const char* meaning) {
    return JobKey{name, values + several, "any", meaning, page};
  };
  return {"sweep.include[]",
          {key("family", "one of the job's", "name, with its seed or without"),
           key("corruption", "one of the job's", "name, with its seed or without"),
           key("threshold", "one of the job's", "percent"),
           key("order", "one of the job's", "as in `search.order`"),
           key("ablation", "one of the job's", "as in `search.ablation`"),
           key("seed", "one of the job's", "of a corruption that draws, or of sentences")}};
}

std::vector<JobKey> where_it_runs() {
  const auto& run = Job().run;
  return {{"device", names_of_all<DeviceChoice>(), as_code(name_of(run.device)),
           "`auto`: a GPU where there is one; `cuda`: a GPU, or an error", "ranks.md#gpus"},
          {"precision", names_of_all<Precision>(), as_code(name_of(run.precision)),
           "`auto`: cheap scores first, exact ones where a decision is close; or one for all",
           "precision.md#the-ladder"},
          {"audit", "number, 0 to 100", as_number(run.audit),
           "percent of the decisions that are evaluated again in fp64 after the search",
           "precision.md#the-audit"},
          {"output", "folder", as_code(run.output.string()),
           "where the folder of the job's run files is made; relative to the job file",
           "sweeps.md#names"}};
}

JobSection run_section() {
  const auto& run = Job().run;
  std::vector<JobKey> keys = where_it_runs();
  const std::vector<JobKey> more = {
      {"threads", whole_number(0, most_threads), as_number(run.threads),
       "of each rank; 0: `OMP_NUM_THREADS`, or its part of the cores that it may use (one, for a "
       "tiny model)",
       "troubleshooting.md#it-is-slow"},
      {"ranks_per_family", "`auto`, or " + whole_number(0, most_ranks),
       number_or_auto(run.ranks_per_family),
       "how many ranks work on one family; `auto` (or 0): families first, ranks left over help",
       "ranks.md#who-does-what"},
      {"speculation", names_of_all<Speculation>(), as_code(name_of(run.speculation)),
       "whether circuits are evaluated before it is certain that they will be needed",
       "ranks.md#speculation"},
      {"stall_seconds", fmt::format("number, above 0, at most {:.0f}", longest_stall_seconds),
       as_number(run.stall_seconds),
       "how long a rank may be silent before the run ends with an error",
       "ranks.md#stopping-and-failing"},
      {"family_memory_gb",
       fmt::format("`auto`, or a number above 0, at most {:.0f}", most_family_memory_gb),
       number_or_auto(run.family_memory_gb),
       "what a family may take of each rank's memory; more prompts than fit are run in parts, "
       "which "
       "changes no bit",
       "ranks.md#memory"}};
  keys.insert(keys.end(), more.begin(), more.end());
  return {"run", keys};
}

JobSection analyses_section() {
  const SubsetDraws draws;
  const char* page = "analyses.md#faithfulness-completeness-minimality";
  const std::string count = whole_number(0, most_draws);
  return {
      "analyses",
      {{"make", names_of_all<Analysis>() + "; or a list", "none", "which are made",
        "analyses.md#as-part-of-a-job"},
       {"random", count, as_number(draws.random), "subsets at random", page},
       {"restarts", count, as_number(draws.restarts), "greedy searches for the worst subset", page},
       {"iterations", count, as_number(draws.iterations),
        "components that one of them adds at most", page},
       {"candidates", count, as_number(draws.candidates),
        "components that are drawn for each of those", page},
       {"seed", seed_values, as_number(static_cast<double>(draws.seed)), "of all drawing", page}}};
}

const JobSection& section(std::string_view path) {
  const auto& all = job_sections();
  const auto found = std::ranges::find(all, path, &JobSection::path);
  assert(found != all.end());
  return *found;
}

}  // namespace

const std::vector<JobSection>& job_sections() {
  static const std::vector<JobSection> sections = [] {
    std::vector<JobSection> all = {whole_file(), model_section()};
    std::ranges::move(family_sections(), std::back_inserter(all));
    for (JobSection& each : std::vector{search_section(), sweep_section(), sweep_entry(),
                                        run_section(), analyses_section()})
      all.push_back(std::move(each));
    return all;
  }();
  return sections;
}

std::vector<std::string> keys_of(std::string_view path) {
  std::vector<std::string> names;
  for (const JobKey& key : section(path).keys) names.push_back(key.name);
  return names;
}

std::vector<std::string> keys_of(std::string_view path, std::string_view form) {
  std::vector<std::string> names;
  for (const JobKey& key : section(path).keys)
    if (key.with.empty() || std::ranges::find(key.with, form) != key.with.end())
      names.push_back(key.name);
  return names;
}

}  // namespace headsweep
