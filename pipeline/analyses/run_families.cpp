#include "pipeline/analyses/run_families.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "pipeline/recorded_run.h"

namespace headsweep {
namespace {

std::string way_of_ablation(const RunRecord& run) {
  const auto of = [&](const char* key) { return value_of(run.identity, key, "?"); };
  std::string way = fmt::format("{}, {}, {}", of("ablation"), of("positions"), of("components"));
  if (mlps_take_part(run.components)) way += fmt::format(", {}", of("mlp_means"));
  return run.granularity == Granularity::position ? way + ", by position" : way;
}

}  // namespace

AblatedFamily family_of(const RunRecord& run) {
  return {batch_of(run.clean, run.position_names), batch_of(run.corrupted, run.position_names),
          ablation_of(run), run.family};
}

std::optional<int> find_family(const std::vector<AblatedFamily>& families, const RunRecord& run) {
  const AblatedFamily wanted = family_of(run);
  const auto found = std::ranges::find_if(families, [&](const AblatedFamily& each) {
    return each.clean == wanted.clean && each.corrupted == wanted.corrupted &&
           each.ablation == wanted.ablation;
  });
  if (found == families.end()) return std::nullopt;
  return static_cast<int>(found - families.begin());
}

std::vector<std::string> family_names(const std::vector<FoundRun>& runs) {
  std::map<std::string, std::set<std::string>> ways;
  const auto name_of_run = [](const FoundRun& run) {
    return fmt::format("{}.{}", run.family, run.corruption);
  };
  for (const FoundRun& run : runs) ways[name_of_run(run)].insert(way_of_ablation(*run.record));
  std::vector<std::string> names;
  for (const FoundRun& run : runs) {
    const std::string name = name_of_run(run);
    names.push_back(
        ways[name].size() == 1 ? name : fmt::format("{} ({})", name, way_of_ablation(*run.record)));
  }
  return names;
}

}  // namespace headsweep
