#include <algorithm>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "io/job.h"
#include "io/wording.h"
#include "io/yaml_document.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_job_bytes = std::size_t{16} << 20;
constexpr std::size_t longest_family_name = 100;
constexpr int most_threads = 4096;
constexpr int most_ranks = 1'000'000;
constexpr double longest_stall_seconds = 1e9;  // thirty years; keeps times within a clock's range
constexpr int largest_number = 1'000'000'000;  // in a prompt; keeps sums within an int
constexpr int most_generated_prompts = 100'000;
constexpr double threshold_limit = 1e6;

/// Paths in the job file are relative to its folder, those on the command line to the current one.
fs::path resolve(const YamlNode& node, const fs::path& folder) {
  const fs::path path = node.text();
  return node.source() == YamlSource::Kind::file ? folder / path : path;
}

template <typename Enum>
void read_choice(const YamlNode& section, const std::string& key,
                 std::initializer_list<Enum> values, Enum& value) {
  const auto node = section.find(key);
  if (!node) return;
  std::vector<std::string> names;
  for (const Enum each : values) names.emplace_back(name_of(each));
  value = values.begin()[node->choice(names)];
}

void read_model(const YamlNode& model, const fs::path& folder, Job& job) {
  model.allow_keys({"path", "processing"});
  job.model.path = resolve(model.at("path"), folder);
  read_choice(model, "processing", {Processing::none, Processing::transformer_lens},
              job.model.processing);
}

std::string read_family_name(const YamlNode& node) {
  std::string name = node.text();
  const bool is_plain = name.find_first_not_of(
                            "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string::npos;
  if (!is_plain || name.starts_with('.'))
    node.fail(in_quotes(name) +
              " cannot name a family (it becomes a file name) use letters, digits, '.', '_' and "
              "'-', and no '.' first");
  if (name.size() > longest_family_name)
    node.fail(fmt::format("{} is too long (it becomes a file name) use at most {} characters",
                          in_quotes(name), longest_family_name));
  return name;
}

void read_start(const YamlNode& start, ArithmeticSpec& spec) {
  if (!start.is_list()) {
    spec.first_start = spec.last_start = start.integer(0, largest_number);
    return;
  }
  const auto ends = start.items();
  if (ends.size() != 2)
    start.fail(
        fmt::format("must be [first, last] or one number, but is a list of {}", ends.size()));
  spec.first_start = ends[0].integer(0, largest_number);
  spec.last_start = ends[1].integer(0, largest_number);
  if (spec.first_start > spec.last_start)
    start.fail(fmt::format("the first start, {}, is above the last, {}; swap them",
                           spec.first_start, spec.last_start));
  if (spec.last_start - spec.first_start >= most_generated_prompts)
    start.fail(fmt::format("makes {} prompts, but at most {} are possible; narrow the range",
                           spec.last_start - spec.first_start + 1, most_generated_prompts));
}

/// Which of a mapping's values to name when they are wrong together: what the command line changed.
YamlNode to_blame(const YamlNode& mapping) {
  for (const YamlNode& entry : mapping.entries())
    if (entry.source() == YamlSource::Kind::command_line) return entry;
  return mapping;
}

ArithmeticSpec read_arithmetic(const YamlNode& generate) {
  generate.allow_keys({"sequence", "start", "step", "length"});
  generate.at("sequence").choice({"arithmetic"});
  ArithmeticSpec spec;
  if (const auto start = generate.find("start")) read_start(*start, spec);
  if (const auto step = generate.find("step")) {
    spec.step = step->integer(-largest_number, largest_number);
    if (spec.step == 0) step->fail("must not be 0 (all numbers of a prompt would be the same)");
  }
  if (const auto length = generate.find("length")) spec.length = length->integer(2, 1000);

  const long long to_answer = static_cast<long long>(spec.step) * spec.length;
  if (spec.first_start + to_answer < 0)
    to_blame(generate).fail(fmt::format(
        "the answer after the prompt that starts at {} is {}, but no number may be negative; use a "
        "larger start or a smaller length",
        spec.first_start, spec.first_start + to_answer));
  if (spec.last_start + to_answer > largest_number)
    to_blame(generate).fail(
        fmt::format("the answer after the prompt that starts at {} is {}, above {}",
                    spec.last_start, spec.last_start + to_answer, largest_number));
  return spec;
}

FamilySpec read_family(const YamlNode& node, const fs::path& folder) {
  node.allow_keys({"name", "file", "generate", "corrupt"});
  FamilySpec family;
  family.name = read_family_name(node.at("name"));
  family.where = node.where();
  const auto file = node.find("file");
  const auto generate = node.find("generate");
  const auto corrupt = node.find("corrupt");
  if (file && generate)
    to_blame(node).fail("a family has 'file' or 'generate', not both; remove one");
  if (!file && !generate)
    node.fail(fmt::format("family '{}' has no prompts; give it 'file' or 'generate'", family.name));
  if (file) {
    if (corrupt)
      corrupt->fail("stands beside 'file' (the file holds the corrupted prompts) remove it");
    family.file = resolve(*file, folder);
    family.corruption = "file";
  } else {
    family.arithmetic = read_arithmetic(*generate);
    const std::vector<std::string> corruptions = {"repeat_last"};
    family.corruption = corruptions[node.at("corrupt").choice(corruptions)];
  }
  return family;
}

void read_families(const YamlNode& list, const fs::path& folder, Job& job) {
  const auto items = list.items();
  if (items.empty()) list.fail("is an empty list (there is nothing to run) add a family");
  std::unordered_map<std::string, std::string> places;
  for (const YamlNode& item : items) {
    FamilySpec family = read_family(item, folder);
    const auto [first, is_new] = places.try_emplace(family.name, family.where);
    if (!is_new)
      item.at("name").fail(fmt::format("'{}' names a family already ({}) give each its own name",
                                       family.name, first->second));
    job.families.push_back(std::move(family));
  }
}

double read_threshold(const YamlNode& node) {
  const double threshold = node.number();
  if (threshold < 0 || threshold >= threshold_limit)
    node.fail(fmt::format("must be at least 0 and below {:.0f} (percent), but is {}",
                          threshold_limit, threshold));
  return threshold;
}

/// One, or a list of different ones.
std::vector<double> read_thresholds(const YamlNode& node) {
  if (!node.is_list()) return {read_threshold(node)};
  if (node.items().empty()) node.fail("is an empty list; name a threshold (percent)");
  std::vector<double> thresholds;
  for (const YamlNode& item : node.items()) {
    const double threshold = read_threshold(item);
    if (std::ranges::find(thresholds, threshold) != thresholds.end())
      item.fail(fmt::format("{} is in the list already; remove it", threshold));
    thresholds.push_back(threshold);
  }
  return thresholds;
}

/// "heads", or a list of components, each of which must be one that can be searched.
void check_components(const YamlNode& node) {
  if (!node.is_list()) {
    node.choice({"heads"});
    return;
  }
  if (node.items().empty()) node.fail("names no component; one of: heads");
  for (const YamlNode& item : node.items()) item.choice({"heads"});
}

void read_search(const YamlNode& search, Job& job) {
  search.allow_keys({"rule", "order", "threshold", "components", "ablation", "positions",
                     "allow_nonpositive_baseline"});
  if (const auto rule = search.find("rule")) rule->choice({"greedy"});
  read_choice(search, "order", {Order::backward, Order::importance}, job.search.order);
  if (const auto node = search.find("threshold")) job.search.thresholds = read_thresholds(*node);
  if (const auto node = search.find("components")) check_components(*node);
  read_choice(search, "ablation", {Ablation::mean, Ablation::zero, Ablation::resample},
              job.search.ablation);
  read_choice(search, "positions", {Positions::all, Positions::own, Positions::union_of_corrupted},
              job.search.positions);
  if (const auto node = search.find("allow_nonpositive_baseline"))
    job.search.allow_nonpositive_baseline = node->flag();
}

double read_stall_seconds(const YamlNode& node) {
  const double seconds = node.number();
  if (seconds <= 0 || seconds > longest_stall_seconds)
    node.fail(fmt::format("must be above 0 and at most {:.0f} (seconds), but is {}",
                          longest_stall_seconds, seconds));
  return seconds;
}

double read_audit(const YamlNode& node) {
  const double percent = node.number();
  if (percent < 0 || percent > 100)
    node.fail(fmt::format("must be from 0 to 100 (percent of the decisions), but is {}", percent));
  return percent;
}

void read_run(const YamlNode& run, const fs::path& folder, Job& job) {
  run.allow_keys({"device", "precision", "audit", "output", "threads", "ranks_per_family",
                  "speculation", "stall_seconds"});
  read_choice(run, "device", {DeviceChoice::automatic, DeviceChoice::cpu, DeviceChoice::cuda},
              job.run.device);
  read_choice(
      run, "precision",
      {Precision::automatic, Precision::bf16, Precision::bf16x3, Precision::fp32, Precision::fp64},
      job.run.precision);
  if (const auto node = run.find("audit")) job.run.audit = read_audit(*node);
  if (const auto node = run.find("output")) job.run.output = resolve(*node, folder);
  if (const auto node = run.find("threads")) job.run.threads = node->integer(0, most_threads);
  if (const auto node = run.find("ranks_per_family"))
    job.run.ranks_per_family = node->integer_or("auto", 0, most_ranks).value_or(0);
  read_choice(run, "speculation", {Speculation::automatic, Speculation::off}, job.run.speculation);
  if (const auto node = run.find("stall_seconds"))
    job.run.stall_seconds = read_stall_seconds(*node);
}

}  // namespace

Job read_job(const fs::path& path, const Overrides& overrides) {
  YamlDocument document(path, "the job file", most_job_bytes);
  for (const std::string& assignment : overrides) document.set(assignment);
  const YamlNode root = document.root();
  root.allow_keys({"model", "families", "search", "run"});

  const fs::path folder = path.parent_path();
  Job job;
  job.file = path;
  job.run.output = folder / job.run.output;
  read_model(root.at("model"), folder, job);
  read_families(root.at("families"), folder, job);
  // A section of which all lines are commented out reads as empty.
  if (const auto search = root.find("search"); search && !search->is_empty())
    read_search(*search, job);
  if (const auto run = root.find("run"); run && !run->is_empty()) read_run(*run, folder, job);
  return job;
}

}  // namespace headsweep
