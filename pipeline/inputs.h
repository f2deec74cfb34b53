// What a job needs before any arithmetic: the model's shape, the tokenizer, the families.
// Everything that can be the user's mistake and costs no time is found here.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "io/job.h"
#include "model/config.h"
#include "model/device.h"
#include "model/model.h"
#include "model/tokenizer.h"
#include "pipeline/families.h"

namespace headsweep {

struct Inputs {
  ModelConfig config;
  Tokenizer tokenizer;
  std::vector<Family> families;  // as in the job; empty ones that were not read
};

/// Reads the weights, too, where a family asks for the model's answers (`keep`).
enum class FamiliesToRead { searched, all };
Inputs read_inputs(const Job& job, FamiliesToRead which = FamiliesToRead::searched);

/// The first family that has a run.
const Family& first_searched(const Job& job, const Inputs& inputs);

/// The job's families as a user names them: "even", or "even.shuffle" if it has several
/// corruptions.
std::vector<std::string> family_labels(const Job& job);
std::string family_label(const Job& job, std::size_t family);

/// Numbers of the families of that name (with or without a seed in it), or with that label; all for
/// an empty name. UserError if there is none.
std::vector<std::size_t> find_families(const Job& job, const std::string& name);

/// "family even: 2 of 12 prompts left out ...", a line for each family that leaves something out.
std::string describe_left_out(const Inputs& inputs);

/// The device and the model on it.
struct LoadedModel {
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Model> model;
};

/// Whether the model is so small that its products take microseconds: then one thread is best.
bool gains_no_threads(const ModelConfig& config);

/// The device's `threads` 0: as many as pay.
LoadedModel load_model(const std::filesystem::path& folder, Device device, Rung rung);

/// For a process alone.
LoadedModel load_model(const std::filesystem::path& folder, DeviceChoice choice, Rung rung,
                       int threads);

/// SHA-256 of the folder's weights, computed beside the loading: it takes half as long.
std::future<std::string> hash_model(const std::filesystem::path& folder);

/// Percentages of a mean logit difference that is not positive mean nothing: UserError, unless the
/// job allows it.
void check_baseline(double full_mean, const std::string& family, const Job& job);

/// Why a job goes on without this family: as check_baseline(), which refuses the job if it has no
/// other; empty: it does not.
std::string why_left_out(double full_mean, const std::string& family, const Job& job);

}  // namespace headsweep
