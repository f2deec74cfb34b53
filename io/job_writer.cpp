#include <iterator>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/family_writer.h"
#include "io/job.h"
#include "io/yaml_writer.h"

namespace headsweep {

std::vector<RunSpec> runs_of(const Job& job) {
  std::vector<RunSpec> runs;
  for (std::size_t family = 0; family < job.families.size(); ++family)
    for (const double threshold : job.search.thresholds) runs.push_back({family, threshold});
  return runs;
}

std::string resolved_job(const Job& job) {
  std::string yaml;
  const auto out = std::back_inserter(yaml);
  fmt::format_to(out, "model:\n  path: {}\n  processing: {}\n", yaml_path(job.model.path),
                 name_of(job.model.processing));
  append_families(job.families, yaml);
  fmt::format_to(out,
                 "search:\n  rule: greedy\n  order: {}\n  threshold: [{}]\n"
                 "  components: [{}]\n  mlp_means: {}\n  granularity: {}\n  ablation: {}\n  "
                 "positions: {}\n  allow_nonpositive_baseline: {}\n",
                 name_of(job.search.order), fmt::join(job.search.thresholds, ", "),
                 name_of(job.search.components), name_of(job.search.mlp_means),
                 name_of(job.search.granularity), name_of(job.search.ablation),
                 name_of(job.search.positions), job.search.allow_nonpositive_baseline);
  const int ranks = job.run.ranks_per_family;
  fmt::format_to(out,
                 "run:\n  device: {}\n  precision: {}\n  audit: {}\n  output: {}\n  threads: {}\n"
                 "  ranks_per_family: {}\n  speculation: {}\n  stall_seconds: {}\n",
                 name_of(job.run.device), name_of(job.run.precision), job.run.audit,
                 yaml_path(job.run.output), job.run.threads,
                 ranks == 0 ? "auto" : std::to_string(ranks), name_of(job.run.speculation),
                 job.run.stall_seconds);
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

}  // namespace headsweep
