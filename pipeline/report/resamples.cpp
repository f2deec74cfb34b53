#include "pipeline/report/resamples.h"

#include <algorithm>
#include <map>
#include <utility>

namespace headsweep {
namespace {

using Key = std::pair<std::filesystem::path, std::string>;  // folder, name on all prompts

Key key_of(const FoundRun& run) { return {run.file.parent_path(), name_on_all_prompts(run.name)}; }

/// From the first finished one: they have one model and search alike.
void set_shape(ResampleGroup& group, const RunRecord& record, int kept, double score_percent) {
  group.layers = record.layers;
  group.heads = tries_heads(record) ? record.heads : 0;
  group.mlps = tries_mlps(record);
  group.fewest = group.most = kept;
  group.lowest_percent = group.highest_percent = score_percent;
}

void add(ResampleGroup& group, const RunRecord& record, std::map<RunComponent, int>& kept_by) {
  const std::vector<RunComponent> components = kept_components(record);
  const auto kept = static_cast<int>(components.size());
  const double score_percent = circuit_score_percent(record);
  if (group.finished == 0) set_shape(group, record, kept, score_percent);
  ++group.finished;
  group.fewest = std::min(group.fewest, kept);
  group.most = std::max(group.most, kept);
  group.lowest_percent = std::min(group.lowest_percent, score_percent);
  group.highest_percent = std::max(group.highest_percent, score_percent);
  for (const RunComponent component : without_positions(components)) ++kept_by[component];
}

ResampleGroup group_of(const Key& key, const std::vector<FoundRun>& resamples) {
  ResampleGroup group;
  group.name = key.second;
  group.family = resamples.front().family;
  group.corruption = resamples.front().corruption;
  group.threshold = resamples.front().threshold;
  std::map<RunComponent, int> kept_by;
  for (const FoundRun& run : resamples) {
    if (is_finished(run))
      add(group, *run.record, kept_by);
    else
      ++group.unfinished;
  }
  group.kept_by.assign(kept_by.begin(), kept_by.end());
  return group;
}

}  // namespace

std::vector<ResampleGroup> take_resamples(std::vector<FoundRun>& runs) {
  std::map<Key, std::size_t> count;
  for (const FoundRun& run : runs)
    if (!run.resample.empty()) ++count[key_of(run)];
  std::vector<Key> order;
  std::map<Key, std::vector<FoundRun>> taken;
  std::vector<FoundRun> left;
  for (FoundRun& run : runs) {
    const Key key = key_of(run);
    if (run.resample.empty() || count[key] < 2) {
      left.push_back(std::move(run));
      continue;
    }
    if (!taken.contains(key)) order.push_back(key);
    taken[key].push_back(std::move(run));
  }
  runs = std::move(left);
  std::vector<ResampleGroup> groups;
  for (const Key& key : order) {
    groups.push_back(group_of(key, taken[key]));
    for (std::size_t i = 0; i < runs.size() && !groups.back().run; ++i)
      if (runs[i].resample.empty() && Key(runs[i].file.parent_path(), runs[i].name) == key)
        groups.back().run = i;
  }
  return groups;
}

}  // namespace headsweep
