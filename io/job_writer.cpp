#include <iterator>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/family_writer.h"
#include "io/job.h"
#include "io/yaml_writer.h"

namespace headsweep {

namespace {

template <class Enum>
std::string names_of(const std::vector<Enum>& values) {
  std::vector<std::string> names;
  for (const Enum each : values) names.emplace_back(name_of(each));
  return fmt::format("[{}]", fmt::join(names, ", "));
}

void append_selectors(const char* key, const std::vector<RunSelector>& selectors,
                      std::string& yaml) {
  if (selectors.empty()) return;
  yaml += fmt::format("  {}:\n", key);
  for (const RunSelector& each : selectors) {
    std::vector<std::string> keys;
    const auto add = [&](const char* name, bool given, const std::string& list) {
      if (given) keys.push_back(fmt::format("{}: {}", name, list));
    };
    add("family", !each.families.empty(), yaml_list(each.families));
    add("corruption", !each.corruptions.empty(), yaml_list(each.corruptions));
    add("threshold", !each.thresholds.empty(), fmt::format("{}", each.thresholds));
    add("order", !each.orders.empty(), names_of(each.orders));
    add("ablation", !each.ablations.empty(), names_of(each.ablations));
    add("seed", !each.seeds.empty(), fmt::format("{}", each.seeds));
    yaml += fmt::format("    - {{{}}}\n", fmt::join(keys, ", "));
  }
}

void append_sweep(const Job& job, std::string& yaml) {
  if (job.sweep.include.empty() && job.sweep.exclude.empty()) return;
  yaml += "sweep:\n";
  append_selectors("include", job.sweep.include, yaml);
  append_selectors("exclude", job.sweep.exclude, yaml);
}

void append_analyses(const Job& job, std::string& yaml) {
  const SubsetDraws& draws = job.analyses.draws;
  fmt::format_to(std::back_inserter(yaml),
                 "analyses:\n  make: {}\n  random: {}\n  restarts: {}\n  iterations: {}\n"
                 "  candidates: {}\n  seed: {}\n",
                 names_of(job.analyses.make), draws.random, draws.restarts, draws.iterations,
                 draws.candidates, draws.seed);
}

}  // namespace

std::string resolved_job(const Job& job) {
  std::string yaml;
  const auto out = std::back_inserter(yaml);
  fmt::format_to(out, "model:\n  path: {}\n  processing: {}\n", yaml_path(job.model.path),
                 name_of(job.model.processing));
  append_families(job.families, yaml);
  fmt::format_to(out,
                 "search:\n  rule: greedy\n  order: {}\n  threshold: [{}]\n"
                 "  components: [{}]\n  mlp_means: {}\n  granularity: {}\n  ablation: {}\n  "
                 "positions: {}\n  allow_nonpositive_baseline: {}\n  resample_prompts: {}\n"
                 "  resample_seed: {}\n",
                 names_of(job.search.orders), fmt::join(job.search.thresholds, ", "),
                 name_of(job.search.components), name_of(job.search.mlp_means),
                 name_of(job.search.granularity), names_of(job.search.ablations),
                 name_of(job.search.positions), job.search.allow_nonpositive_baseline,
                 job.search.resample_prompts, job.search.resample_seed);
  append_sweep(job, yaml);
  const int ranks = job.run.ranks_per_family;
  const std::string family_memory =
      job.run.family_memory_gb == 0 ? "auto" : fmt::format("{}", job.run.family_memory_gb);
  fmt::format_to(out,
                 "run:\n  device: {}\n  precision: {}\n  audit: {}\n  output: {}\n  threads: {}\n"
                 "  ranks_per_family: {}\n  speculation: {}\n  stall_seconds: {}\n"
                 "  family_memory_gb: {}\n",
                 name_of(job.run.device), name_of(job.run.precision), job.run.audit,
                 yaml_path(job.run.output), job.run.threads,
                 ranks == 0 ? "auto" : std::to_string(ranks), name_of(job.run.speculation),
                 job.run.stall_seconds, family_memory);
  append_analyses(job, yaml);
  return yaml;
}

const char* name_of(Processing value) {
  return value == Processing::none ? "none" : "transformer_lens";
}

const char* name_of(Order value) {
  switch (value) {
    case Order::backward:
      return "backward";
    case Order::forward:
      return "forward";
    case Order::alternate:
      return "alternate";
    case Order::importance:
      return "importance";
  }
  return "";
}

const char* name_of(Components value) {
  switch (value) {
    case Components::heads:
      return "heads";
    case Components::heads_and_mlps:
      return "heads, mlps";
    case Components::mlps:
      return "mlps";
  }
  return "";
}

const char* name_of(MlpMeans value) {
  return value == MlpMeans::clean ? "clean" : "under_head_mask";
}

const char* name_of(Granularity value) {
  return value == Granularity::component ? "component" : "position";
}

const char* name_of(Ablation value) {
  switch (value) {
    case Ablation::mean:
      return "mean";
    case Ablation::zero:
      return "zero";
    case Ablation::resample:
      return "resample";
  }
  return "";
}

const char* name_of(Positions value) {
  switch (value) {
    case Positions::all:
      return "all";
    case Positions::own:
      return "own";
    case Positions::union_of_corrupted:
      return "union";
  }
  return "";
}

const char* name_of(DeviceChoice value) {
  switch (value) {
    case DeviceChoice::automatic:
      return "auto";
    case DeviceChoice::cpu:
      return "cpu";
    case DeviceChoice::cuda:
      return "cuda";
  }
  return "";
}

const char* name_of(Precision value) {
  switch (value) {
    case Precision::automatic:
      return "auto";
    case Precision::bf16:
      return "bf16";
    case Precision::bf16x3:
      return "bf16x3";
    case Precision::fp32:
      return "fp32";
    case Precision::fp64:
      return "fp64";
  }
  return "";
}

const char* name_of(Speculation value) { return value == Speculation::automatic ? "auto" : "off"; }

const char* name_of(Analysis value) {
  switch (value) {
    case Analysis::knockout:
      return "knockout";
    case Analysis::faithfulness:
      return "faithfulness";
    case Analysis::curve:
      return "curve";
    case Analysis::compare:
      return "compare";
  }
  return "";
}

}  // namespace headsweep
