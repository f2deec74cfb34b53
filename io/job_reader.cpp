#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "io/analyses_reader.h"
#include "io/errors.h"
#include "io/family_reader.h"
#include "io/job.h"
#include "io/job_choices.h"
#include "io/job_keys.h"
#include "io/job_limits.h"
#include "io/run_selection.h"
#include "io/sweep_reader.h"
#include "io/wording.h"
#include "io/yaml_document.h"
#include "io/yaml_values.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_job_bytes = std::size_t{16} << 20;

void read_model(const YamlNode& model, const fs::path& folder, Job& job) {
  model.allow_keys(keys_of("model"));
  job.model.path = resolve(model.at("path"), folder);
  read_choice(model, "processing", job.model.processing);
}

double read_threshold(const YamlNode& node) {
  const double threshold = node.number();
  if (threshold < 0 || threshold >= threshold_limit)
    node.fail(fmt::format("must be at least 0 and below {:.0f} (percent), but is {}",
                          threshold_limit, threshold));
  return threshold;
}

/// A component, or a list of them.
Components read_components(const YamlNode& node) {
  std::vector<std::string> names;
  for (const Components each : components_by_name) names.emplace_back(name_of(each));
  if (!node.is_list()) return components_by_name[node.choice(names)];
  const auto items = node.items();
  if (items.empty()) node.fail("names no component; one or both of: heads, mlps");
  std::set<std::size_t> chosen;
  for (const YamlNode& item : items)
    if (!chosen.insert(item.choice(names)).second)
      item.fail(fmt::format("'{}' is there already; remove one", item.text()));
  return chosen.size() == 2 ? Components::heads_and_mlps : components_by_name[*chosen.begin()];
}

/// What does not go together.
void check_search(const YamlNode& search, const Job& job) {
  const Components components = job.search.components;
  const bool by_importance =
      std::ranges::find(job.search.orders, Order::importance) != job.search.orders.end();
  const auto fail = [&](const char* key, const std::string& problem) {
    search.at(key).fail(problem);
  };
  if (job.search.mlp_means == MlpMeans::under_head_mask && !mlps_take_part(components))
    fail("mlp_means",
         "says how MLPs' means are taken, but search.components is heads; make it "
         "[heads, mlps]");
  if (by_importance && !heads_take_part(components))
    fail("order", "'importance' ranks heads, but search.components is mlps; use another order");
  if (job.search.granularity != Granularity::position) return;
  if (job.search.positions == Positions::all)
    fail("granularity",
         "'position' removes heads at single positions, but search.positions is all "
         "(a kept head is kept at every position); set it to own or union");
  if (!heads_take_part(components))
    fail("granularity",
         "'position' removes heads at single positions, but search.components is "
         "mlps; make it heads or [heads, mlps]");
  if (by_importance)
    fail("granularity",
         "'position' does not go with order importance, which ranks whole heads; use "
         "another order");
}

void read_search(const YamlNode& search, Job& job) {
  search.allow_keys(keys_of("search"));
  if (const auto rule = search.find("rule")) rule->choice({"greedy"});
  read_choices(search, "order", job.search.orders);
  if (const auto node = search.find("threshold"))
    job.search.thresholds = read_one_or_several(*node, "a threshold (percent)", read_threshold);
  if (const auto node = search.find("components")) job.search.components = read_components(*node);
  read_choice(search, "mlp_means", job.search.mlp_means);
  read_choice(search, "granularity", job.search.granularity);
  read_choices(search, "ablation", job.search.ablations);
  read_choice(search, "positions", job.search.positions);
  if (const auto node = search.find("allow_nonpositive_baseline"))
    job.search.allow_nonpositive_baseline = node->flag();
  if (const auto node = search.find("resample_prompts"))
    job.search.resample_prompts = node->integer(0, most_resamples);
  if (const auto node = search.find("resample_seed")) job.search.resample_seed = read_seed(*node);
  check_search(search, job);
}

double read_stall_seconds(const YamlNode& node) {
  const double seconds = node.number();
  if (seconds <= 0 || seconds > longest_stall_seconds)
    node.fail(fmt::format("must be above 0 and at most {:.0f} (seconds), but is {}",
                          longest_stall_seconds, seconds));
  return seconds;
}

double read_family_memory(const YamlNode& node) {
  if (node.text() == "auto") return 0;
  const double gigabytes = node.number();
  if (!(gigabytes > 0 && gigabytes <= most_family_memory_gb))
    node.fail(fmt::format("must be auto, or above 0 and at most {:.0f} (GB), but is {}",
                          most_family_memory_gb, gigabytes));
  return gigabytes;
}

double read_audit(const YamlNode& node) {
  const double percent = node.number();
  if (percent < 0 || percent > 100)
    node.fail(fmt::format("must be from 0 to 100 (percent of the decisions), but is {}", percent));
  return percent;
}

void read_run(const YamlNode& run, const fs::path& folder, Job& job) {
  run.allow_keys(keys_of("run"));
  read_choice(run, "device", job.run.device);
  read_choice(run, "precision", job.run.precision);
  if (const auto node = run.find("audit")) job.run.audit = read_audit(*node);
  if (const auto node = run.find("output")) job.run.output = resolve(*node, folder);
  if (const auto node = run.find("threads")) job.run.threads = node->integer(0, most_threads);
  if (const auto node = run.find("ranks_per_family"))
    job.run.ranks_per_family = node->integer_or("auto", 0, most_ranks).value_or(0);
  read_choice(run, "speculation", job.run.speculation);
  if (const auto node = run.find("stall_seconds"))
    job.run.stall_seconds = read_stall_seconds(*node);
  if (const auto node = run.find("family_memory_gb"))
    job.run.family_memory_gb = read_family_memory(*node);
}

/// What a run's files are called must be possible: found now, not when the search is over.
void check_run_names(const YamlNode& families, const Job& job) {
  constexpr std::size_t longest_file_name = 255, around_it = 25;  // ".NAME.analysis.h5.1234567.tmp"
  for (RunSpec run : all_combinations(job)) {
    run.resample = job.search.resample_prompts;
    if (const std::string name = run_name(job, run); name.size() + around_it > longest_file_name)
      families.fail(fmt::format(
          "the run {} would have a file name that is too long ({} characters) shorten the name "
          "of the family",
          in_quotes(name), name.size()));
  }
}

/// The folder of a job's runs is called as its file is.
void check_job_name(const fs::path& path) {
  if (const fs::path name = path.stem(); name == "." || name == "..")
    throw UserError(fmt::format(
        "{}: a job's runs are kept in a folder of its name, and {} is none; rename the job file",
        path.string(), in_quotes(name.string())));
}

}  // namespace

Job read_job(const fs::path& path, const Overrides& overrides) {
  check_job_name(path);
  YamlDocument document(path, "the job file", most_job_bytes);
  for (const std::string& assignment : overrides) document.set(assignment);
  const YamlNode root = document.root();
  root.allow_keys(keys_of(""));

  const fs::path folder = path.parent_path();
  Job job;
  job.file = path;
  job.run.output = folder / job.run.output;
  read_model(root.at("model"), folder, job);
  job.families = read_families(root.at("families"), folder);
  // A section of which all lines are commented out reads as empty.
  if (const auto search = root.find("search"); search && !search->is_empty())
    read_search(*search, job);
  check_number_of_runs(root, job);
  if (const auto sweep = root.find("sweep"); sweep && !sweep->is_empty()) read_sweep(*sweep, job);
  check_run_names(root.at("families"), job);
  if (const auto run = root.find("run"); run && !run->is_empty()) read_run(*run, folder, job);
  if (const auto analyses = root.find("analyses"); analyses && !analyses->is_empty())
    read_analyses(*analyses, job);
  return job;
}

}  // namespace headsweep
