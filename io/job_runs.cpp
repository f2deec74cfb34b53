#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "io/job.h"
#include "io/run_selection.h"

namespace headsweep {
namespace {

/// An empty list is about all.
template <class T>
bool has(const std::vector<T>& values, const T& value) {
  return values.empty() || std::ranges::find(values, value) != values.end();
}

bool any_selects(const std::vector<RunSelector>& selectors, const Job& job, const RunSpec& run) {
  return std::ranges::any_of(
      selectors, [&](const RunSelector& selector) { return selects(selector, job, run); });
}

/// What `sweep` leaves of all combinations.
std::vector<RunSpec> combinations_left(const Job& job) {
  std::vector<RunSpec> runs = all_combinations(job);
  std::erase_if(runs, [&](const RunSpec& run) {
    const bool included = job.sweep.include.empty() || any_selects(job.sweep.include, job, run);
    return !included || any_selects(job.sweep.exclude, job, run);
  });
  return runs;
}

}  // namespace

std::vector<int> seeds_of(const FamilySpec& family) {
  std::vector<int> seeds;
  if (is_drawn(family.corruption.kind)) seeds.push_back(family.corruption.seed);
  if (family.sentences && !family.sentences->fillers.empty())
    seeds.push_back(family.sentences->seed);
  return seeds;
}

bool selects(const RunSelector& selector, const Job& job, const RunSpec& run) {
  const FamilySpec& family = job.families[run.family];
  const std::vector<int> seeds = seeds_of(family);
  return has(selector.families, family.name) &&
         has(selector.corruptions, name_of(family.corruption)) &&
         has(selector.thresholds, run.threshold) && has(selector.orders, run.order) &&
         has(selector.ablations, run.ablation) &&
         (selector.seeds.empty() ||
          std::ranges::any_of(seeds, [&](int seed) { return has(selector.seeds, seed); }));
}

std::vector<RunSpec> all_combinations(const Job& job) {
  std::vector<RunSpec> runs;
  for (std::size_t family = 0; family < job.families.size(); ++family)
    for (const Ablation ablation : job.search.ablations)
      for (const Order order : job.search.orders)
        for (const double threshold : job.search.thresholds)
          runs.push_back({family, threshold, order, ablation});
  return runs;
}

std::vector<RunSpec> runs_of(const Job& job) {
  std::vector<RunSpec> runs;
  for (RunSpec run : combinations_left(job))
    for (run.resample = 0; run.resample <= job.search.resample_prompts; ++run.resample)
      runs.push_back(run);
  return runs;
}

std::vector<AblatedFamilySpec> ablated_families_of(const Job& job) {
  std::vector<AblatedFamilySpec> families;
  for (const RunSpec& run : combinations_left(job))
    if (families.empty() || families.back() != ablated_family_of(run))
      families.push_back(ablated_family_of(run));
  return families;
}

std::string run_name(const Job& job, const RunSpec& run) {
  const FamilySpec& family = job.families[run.family];
  std::string name =
      fmt::format("{}.{}.T{}", family.name, name_of(family.corruption), run.threshold);
  if (run.order != Order::backward) name += fmt::format(".{}", name_of(run.order));
  if (run.ablation != Ablation::mean) name += fmt::format(".{}", name_of(run.ablation));
  if (run.resample > 0) name += fmt::format(".r{}", run.resample);
  return name;
}

std::string name_on_all_prompts(const std::string& run_name) {
  const auto dot = run_name.rfind(".r");
  const bool is_numbered = dot != std::string::npos && dot + 2 < run_name.size() &&
                           run_name.find_first_not_of("0123456789", dot + 2) == std::string::npos;
  return is_numbered ? run_name.substr(0, dot) : run_name;
}

std::string resample_text(const Job& job, const RunSpec& run) {
  if (run.resample == 0) return "";
  return fmt::format("{} of seed {}", run.resample, job.search.resample_seed);
}

}  // namespace headsweep
