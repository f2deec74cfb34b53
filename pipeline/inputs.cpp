#include "pipeline/inputs.h"

#include <fmt/format.h>

#include "io/checkpoint.h"
#include "io/errors.h"
#include "model/device.h"

namespace headsweep {

Inputs read_inputs(const Job& job) {
  Inputs inputs{read_config(job.model.path), Tokenizer(job.model.path), {}};
  for (const FamilySpec& spec : job.families)
    inputs.families.push_back(tokenize_family(make_prompts(spec), inputs.tokenizer, inputs.config,
                                              job.search.ablation, job.search.positions));
  return inputs;
}

bool gains_no_threads(const Gpt2Config& config) {
  constexpr int small_d_model = 256;
  return config.d_model <= small_d_model;
}

LoadedModel load_model(const std::filesystem::path& folder, Device device, Rung rung) {
  if (device.threads == 0 && gains_no_threads(read_config(folder))) device.threads = 1;
  LoadedModel loaded;
  loaded.backend = open_device(device, rung);
  loaded.model = std::make_unique<Gpt2>(folder, *loaded.backend);
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
    if (job.families.size() == 1) throw;
    return error.what();
  }
}

}  // namespace headsweep
