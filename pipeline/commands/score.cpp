#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/circuit_file.h"
#include "io/errors.h"
#include "io/json_output.h"
#include "io/printable.h"
#include "pipeline/commands.h"
#include "pipeline/evaluator.h"
#include "pipeline/family_memory.h"
#include "pipeline/family_warnings.h"
#include "pipeline/inputs.h"
#include "pipeline/ladder.h"

namespace headsweep {
namespace {

void keep_heads(const HeadList& heads, const ModelConfig& config, const std::filesystem::path& file,
                int position, Circuit& circuit) {
  for (const auto& [layer, head] : heads) {
    if (layer >= config.layers || head >= config.heads)
      throw UserError(fmt::format(
          "{}: head [{}, {}] does not exist: the model has layers 0 to {} with heads 0 to {}",
          file.string(), layer, head, config.layers - 1, config.heads - 1));
    circuit.keep(layer, head, position);
  }
}

/// What the file names takes part; MLPs that it does not mention stay as they are, and so do heads.
Components components_of(const CircuitFile& file) {
  if (!file.mlps) return Components::heads;
  return file.heads_given ? Components::heads_and_mlps : Components::mlps;
}

void keep_heads_per_position(const CircuitFile& file, const ModelConfig& config,
                             const std::vector<std::string>& names,
                             const std::filesystem::path& path, Circuit& circuit) {
  for (const auto& [name, heads] : file.positions) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end())
      throw UserError(fmt::format("{}: positions.{}: the family has no such position; it has {}",
                                  path.string(), name, fmt::join(names, ", ")));
    keep_heads(heads, config, path, static_cast<int>(at - names.begin()), circuit);
  }
}

void keep_mlps(const std::vector<int>& layers, const ModelConfig& config,
               const std::filesystem::path& file, Circuit& circuit) {
  for (const int layer : layers) {
    if (layer >= config.layers)
      throw UserError(fmt::format("{}: mlps: layer {} does not exist: the model has layers 0 to {}",
                                  file.string(), layer, config.layers - 1));
    circuit.keep(Component::mlp_of(layer));
  }
}

Circuit to_circuit(const CircuitFile& file, const Job& job, const ModelConfig& config,
                   const std::vector<std::string>& names, const std::filesystem::path& path) {
  if (file.per_position && job.search.positions == Positions::all)
    throw UserError(
        fmt::format("{}: gives heads per position, but the job keeps heads at all positions: set "
                    "search.positions to own or union",
                    path.string()));
  const int positions = file.per_position ? static_cast<int>(names.size()) : 1;
  Circuit circuit(config.layers, config.heads, Circuit::Start::nothing, positions,
                  components_of(file));
  keep_heads(file.heads, config, path, 0, circuit);
  keep_heads_per_position(file, config, names, path, circuit);
  if (file.mlps) keep_mlps(*file.mlps, config, path, circuit);
  return circuit;
}

/// What the job names; else the most exact, since one circuit costs little.
Rung rung_of(const Job& job, const Device& device) {
  return job.run.precision == Precision::automatic ? Rung::fp64
                                                   : choose_ladder(job, device).rungs.front();
}

/// A circuit's score is that of one ablation.
Ablation one_ablation(const Job& job) {
  if (job.search.ablations.size() > 1)
    throw UserError(fmt::format(
        "{}: search.ablation has several: say which one with --set, as in --set search.ablation={}",
        job.file.string(), name_of(job.search.ablations.front())));
  return job.search.ablations.front();
}

/// The number of the job's family that is asked for.
std::size_t one_family(const Job& job, const std::string& name) {
  const std::vector<std::size_t> found = find_families(job, name);
  if (found.size() > 1)
    throw UserError(fmt::format("{}: has several families: say which one with --family (one of {})",
                                job.file.string(), fmt::join(family_labels(job), ", ")));
  return found.front();
}

void print(const ScoreResult& result, const Family& family) {
  print_text(stdout, "family {}: score {:.4f} % of the full model, mean logit difference {:.4f}\n",
             family.prompts.name, result.score_percent, result.logit_difference);
  for (std::size_t b = 0; b < result.per_prompt.size(); ++b)
    print_text(stdout, "{:>10.4f}  {}\n", result.per_prompt[b],
               printable(family.prompts.clean[b].text, LineEnds::escaped));
}

}  // namespace

void score_command(const Job& job, const std::filesystem::path& path,
                   const std::string& family_name, Format format) {
  const std::size_t number = one_family(job, family_name);
  AblationRule rule = ablation_rule(job, one_ablation(job));
  const Inputs inputs = read_inputs(job, FamiliesToRead::all);
  const Family& family = inputs.families[number];
  const Circuit circuit =
      to_circuit(read_circuit(path), job, inputs.config, family.clean.position_names, path);
  const Device device = find_device({job.run.device, job.run.threads});
  const LoadedModel loaded = load_model(job.model.path, device, rung_of(job, device));
  rule.components = circuit.components();
  Evaluator evaluator(*loaded.model, family.clean, family.corrupted, rule,
                      fit_alone(device, *loaded.model, family.prompts.name, family.clean,
                                family.corrupted, rule, job.run.family_memory_gb));
  check_baseline(evaluator.full().mean, family.prompts.name, job);
  std::vector<std::string> warnings = family.warnings;
  for (std::string& each : full_model_warnings(evaluator.full().per_prompt))
    warnings.push_back(std::move(each));
  print_warnings(labelled(job, number, std::move(warnings)));
  const Evaluation evaluation = evaluator.evaluate(circuit);
  const ScoreResult result{evaluation.score_percent, evaluation.mean, evaluation.per_prompt};
  if (format == Format::json) {
    fmt::print("{}\n", to_json(result));
  } else {
    print(result, family);
  }
}

}  // namespace headsweep
