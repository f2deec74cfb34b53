#include "pipeline/inputs.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/checkpoint.h"
#include "io/errors.h"
#include "model/device.h"
#include "pipeline/answer_check.h"
#include "pipeline/memory.h"
#include "pipeline/prompt_warnings.h"

namespace headsweep {

namespace {

/// By family: the ablations that its prompts must do for; none: it is not read.
std::vector<std::vector<Ablation>> ablations_by_family(const Job& job, FamiliesToRead which) {
  if (which == FamiliesToRead::all) return {job.families.size(), job.search.ablations};
  std::vector<std::vector<Ablation>> ablations(job.families.size());
  for (const auto& [family, ablation] : ablated_families_of(job))
    ablations[family].push_back(ablation);
  return ablations;
}

}  // namespace

Inputs read_inputs(const Job& job, FamiliesToRead which) {
  Inputs inputs{read_config(job.model.path), Tokenizer(job.model.path), {}};
  const AnswerCheck check = model_answer_check(job.model.path, inputs.config, inputs.tokenizer);
  const std::vector<std::vector<Ablation>> all_ablations = ablations_by_family(job, which);
  std::vector<bool> wanted;
  for (const std::vector<Ablation>& ablations : all_ablations) wanted.push_back(!ablations.empty());
  std::vector<MadeFamily> made = make_prompts(job.families, inputs.tokenizer, check, wanted);
  inputs.families.resize(job.families.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (!wanted[i]) continue;
    const std::vector<Ablation>& ablations = all_ablations[i];
    Family& family = inputs.families[i] = tokenize_family(
        made[i].prompts, inputs.tokenizer, inputs.config, ablations.front(), job.search.positions);
    for (const Ablation ablation : ablations) {
      check_ablation(family, ablation);
      check_ablation_changes_something(family, ablation);
    }
    family.warnings = prompt_warnings(family, ablations, is_drawn(job.families[i].corruption.kind),
                                      inputs.tokenizer.end_of_text());
    family.selection = std::move(made[i].selection);
    if (job.search.granularity == Granularity::position) drop_synonyms(family);
  }
  made.clear();
  give_back_freed_memory();
  return inputs;
}

const Family& first_searched(const Job& job, const Inputs& inputs) {
  return inputs.families[runs_of(job).front().family];
}

std::string family_label(const Job& job, std::size_t family) {
  const FamilySpec& spec = job.families[family];
  const auto corruptions = std::ranges::count(job.families, spec.name, &FamilySpec::name);
  return corruptions == 1 ? spec.name : fmt::format("{}.{}", spec.name, name_of(spec.corruption));
}

std::vector<std::string> family_labels(const Job& job) {
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < job.families.size(); ++i) labels.push_back(family_label(job, i));
  return labels;
}

std::vector<std::size_t> find_families(const Job& job, const std::string& name) {
  const std::vector<std::string> labels = family_labels(job);
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (name.empty() || name == labels[i] || name == job.families[i].name ||
        name == job.families[i].written_name)
      found.push_back(i);
  if (found.empty())
    throw UserError(fmt::format("{}: has no family '{}'; it has {}", job.file.string(), name,
                                fmt::join(labels, ", ")));
  return found;
}

std::string describe_left_out(const Inputs& inputs) {
  std::string lines, last;
  for (const Family& family : inputs.families) {
    const std::string left_out = describe_left_out(family.selection);
    if (left_out.empty()) continue;
    const std::string line = fmt::format("family {}: {}\n", family.prompts.name, left_out);
    if (line != last)
      lines += line;  // of several corruptions, what they have in common is said once
    last = line;
  }
  return lines;
}

bool gains_no_threads(const ModelConfig& config) {
  constexpr int small_d_model = 256;
  return config.d_model <= small_d_model;
}

LoadedModel load_model(const std::filesystem::path& folder, Device device, Rung rung) {
  if (device.threads == 0 && gains_no_threads(read_config(folder))) device.threads = 1;
  LoadedModel loaded;
  loaded.backend = open_device(device, rung);
  loaded.model = std::make_unique<Model>(folder, *loaded.backend);
  return loaded;
}

LoadedModel load_model(const std::filesystem::path& folder, DeviceChoice choice, Rung rung,
                       int threads) {
  return load_model(folder, find_device({choice, threads}), rung);
}

std::future<std::string> hash_model(const std::filesystem::path& folder) {
  return std::async(std::launch::async, [folder] { return Checkpoint(folder).sha256(); });
}

void check_baseline(double full_mean, const std::string& family, const Job& job) {
  if (full_mean > 0 || job.search.allow_nonpositive_baseline) return;
  throw UserError(
      fmt::format("{}: family '{}': the full model's mean logit difference is {:.4f}: it prefers "
                  "the distractors, and a percentage of "
                  "such a number means nothing. Check the prompts' answers, or set "
                  "search.allow_nonpositive_baseline: true",
                  job.file.string(), family, full_mean));
}

std::string why_left_out(double full_mean, const std::string& family, const Job& job) {
  try {
    check_baseline(full_mean, family, job);
    return "";
  } catch (const UserError& error) {
    const auto families = ablated_families_of(job);
    if (families.front().family == families.back().family) throw;
    return error.what();
  }
}

}  // namespace headsweep
