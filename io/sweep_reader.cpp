#include "io/sweep_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "io/job_keys.h"
#include "io/run_selection.h"
#include "io/yaml_values.h"

namespace headsweep {
namespace {

constexpr std::size_t most_runs = 100'000;

/// What a word of the job stands for: "names" for "names-s1" and "names-s2".
struct NamedAlike {
  std::string written, full;
};

std::vector<NamedAlike> family_names(const Job& job) {
  std::vector<NamedAlike> names;
  for (const FamilySpec& family : job.families) names.push_back({family.written_name, family.name});
  return names;
}

std::vector<NamedAlike> corruption_names(const Job& job) {
  std::vector<NamedAlike> names;
  for (const FamilySpec& family : job.families) {
    CorruptionSpec unnamed = family.corruption;
    unnamed.seed_naming = SeedNaming::unnamed;
    names.push_back({name_of(unnamed), name_of(family.corruption)});
  }
  return names;
}

template <class T>
void add_once(std::vector<T>& values, const T& value) {
  if (std::ranges::find(values, value) == values.end()) values.push_back(value);
}

void read_names(const YamlNode& entry, const char* key, const std::vector<NamedAlike>& known,
                std::vector<std::string>& full_names) {
  const auto found = entry.find(key);
  if (!found) return;
  std::vector<std::string> words;
  for (const NamedAlike& each : known) add_once(words, each.written);
  for (const NamedAlike& each : known) add_once(words, each.full);
  const auto chosen = read_one_or_several(
      *found, "one of the job's", [&](const YamlNode& node) { return words[node.choice(words)]; });
  for (const std::string& word : chosen)
    for (const NamedAlike& each : known)
      if (word == each.written || word == each.full) add_once(full_names, each.full);
}

/// A number that the job has in a list of its own.
template <class T, class Read>
void read_numbers(const YamlNode& entry, const char* key, const std::vector<T>& known, Read read,
                  std::vector<T>& numbers) {
  const auto found = entry.find(key);
  if (!found) return;
  numbers = read_one_or_several(*found, "one of the job's", [&](const YamlNode& node) {
    const T number = read(node);
    if (std::ranges::find(known, number) == known.end())
      node.fail(known.empty()
                    ? "the job has none"
                    : fmt::format("the job has no {}; it has {}", number, fmt::join(known, ", ")));
    return number;
  });
}

RunSelector read_selector(const YamlNode& entry, const Job& job) {
  const std::vector<std::string> keys = keys_of("sweep.include[]");  // and of exclude
  entry.allow_keys(keys);
  if (entry.entries().empty())
    entry.fail(
        fmt::format("says nothing of what it is about; give it one of: {}", fmt::join(keys, ", ")));
  RunSelector selector;
  read_names(entry, "family", family_names(job), selector.families);
  read_names(entry, "corruption", corruption_names(job), selector.corruptions);
  read_numbers(
      entry, "threshold", job.search.thresholds, [](const YamlNode& node) { return node.number(); },
      selector.thresholds);
  read_choices(entry, "order", job.search.orders, selector.orders);
  read_choices(entry, "ablation", job.search.ablations, selector.ablations);
  std::vector<int> seeds;
  for (const FamilySpec& family : job.families)
    for (const int seed : seeds_of(family)) add_once(seeds, seed);
  read_numbers(entry, "seed", seeds, read_seed, selector.seeds);
  const auto runs = all_combinations(job);
  if (std::ranges::none_of(runs, [&](const RunSpec& run) { return selects(selector, job, run); }))
    entry.fail(
        "is about no run: each of its values is in the job, but no run has them together; "
        "remove it, or one of them");
  return selector;
}

std::vector<RunSelector> read_selectors(const YamlNode& sweep, const char* key, const Job& job) {
  std::vector<RunSelector> selectors;
  const auto list = sweep.find(key);
  if (!list) return selectors;
  const auto items = list->items();
  if (items.empty()) list->fail("is an empty list; give it an entry, or remove it");
  for (const YamlNode& item : items) selectors.push_back(read_selector(item, job));
  return selectors;
}

}  // namespace

void read_sweep(const YamlNode& sweep, Job& job) {
  sweep.allow_keys(keys_of("sweep"));
  // Each entry is read against all combinations, whatever the others leave.
  auto include = read_selectors(sweep, "include", job);
  auto exclude = read_selectors(sweep, "exclude", job);
  job.sweep = {std::move(include), std::move(exclude)};
  if (runs_of(job).empty())
    to_blame(sweep).fail(fmt::format("leaves none of the job's {} runs; exclude less",
                                     all_combinations(job).size()));
}

void check_number_of_runs(const YamlNode& root, const Job& job) {
  // Multiplied and not listed: too many may be more than memory holds.
  const auto& search = job.search;
  double runs = 1.0 + search.resample_prompts;
  for (const std::size_t values : {job.families.size(), search.thresholds.size(),
                                   search.orders.size(), search.ablations.size()})
    runs *= static_cast<double>(values);
  if (runs > double{most_runs})
    to_blame(root).fail(
        fmt::format("makes {:.0f} runs (families x corruptions x thresholds x orders x ablations x "
                    "resamples), but at most {} are possible; use several jobs",
                    runs, most_runs));
}

}  // namespace headsweep
