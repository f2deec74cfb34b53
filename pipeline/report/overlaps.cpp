#include "pipeline/report/overlaps.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace headsweep {
namespace {

CircuitGroup group_of(const std::vector<ReportedRun>& runs, std::vector<std::size_t> members) {
  constexpr std::size_t most_compared = 300;  // circuits; their pairs are many more
  CircuitGroup group;
  std::map<RunComponent, int> kept_by;
  for (const std::size_t a : members) {
    const auto& kept = runs[a].figures.kept;
    for (const RunComponent component : without_positions(kept)) ++kept_by[component];
    if (members.size() > most_compared) continue;
    std::vector<Overlap>& row = group.overlaps.emplace_back();
    for (const std::size_t b : members) row.push_back(overlap_of(kept, runs[b].figures.kept));
  }
  group.kept_by.assign(kept_by.begin(), kept_by.end());
  group.runs = std::move(members);
  return group;
}

}  // namespace

Overlap overlap_of(const std::vector<RunComponent>& a, const std::vector<RunComponent>& b) {
  std::vector<RunComponent> shared;
  std::ranges::set_intersection(a, b, std::back_inserter(shared));
  const auto in_both = static_cast<int>(shared.size());
  return {.shared = in_both, .united = static_cast<int>(a.size() + b.size()) - in_both};
}

std::vector<CircuitGroup> circuit_groups(const std::vector<ReportedRun>& runs) {
  std::vector<std::pair<std::string, std::vector<std::size_t>>> by_model;  // in order of appearance
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!is_finished(runs[i].run)) continue;
    const std::string model = value_of(runs[i].run.record->identity, "model_sha256", "");
    auto place = std::ranges::find(by_model, model, [](const auto& pair) { return pair.first; });
    if (place == by_model.end()) place = by_model.insert(by_model.end(), {model, {}});
    place->second.push_back(i);
  }
  std::vector<CircuitGroup> groups;
  for (auto& [model, members] : by_model)
    if (members.size() > 1) groups.push_back(group_of(runs, std::move(members)));
  return groups;
}

}  // namespace headsweep
