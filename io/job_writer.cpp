#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/errors.h"
#include "io/job.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;

/// As a YAML text in double quotes, which can hold anything.
std::string yaml_text(std::string_view text) {
  std::string yaml = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      yaml += fmt::format("\\x{:02x}", byte);
    } else {
      if (c == '"' || c == '\\') yaml += '\\';
      yaml += c;
    }
  }
  return yaml + '"';
}

std::string yaml_path(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error)
    throw MachineError(
        fmt::format("{}: cannot be made an absolute path ({})", path.string(), error.message()));
  return yaml_text(absolute.lexically_normal().string());
}

void append_family(const FamilySpec& family, std::string& yaml) {
  const auto out = std::back_inserter(yaml);
  fmt::format_to(out, "  - name: {}\n", yaml_text(family.name));
  if (family.file) fmt::format_to(out, "    file: {}\n", yaml_path(*family.file));
  if (const auto& spec = family.arithmetic) {
    fmt::format_to(out,
                   "    generate: {{sequence: arithmetic, start: [{}, {}], step: {}, length: {}}}\n"
                   "    corrupt: {}\n",
                   spec->first_start, spec->last_start, spec->step, spec->length,
                   family.corruption);
  }
}

}  // namespace

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
  yaml += "families:\n";
  for (const FamilySpec& family : job.families) append_family(family, yaml);
  fmt::format_to(out,
                 "search:\n  rule: greedy\n  order: {}\n  threshold: [{}]\n  components: heads\n"
                 "  ablation: {}\n  positions: {}\n  allow_nonpositive_baseline: {}\n",
                 name_of(job.search.order), fmt::join(job.search.thresholds, ", "),
                 name_of(job.search.ablation), name_of(job.search.positions),
                 job.search.allow_nonpositive_baseline);
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

const char* name_of(Order value) { return value == Order::backward ? "backward" : "importance"; }

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
