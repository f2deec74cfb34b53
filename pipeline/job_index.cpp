#include "pipeline/job_index.h"

#include <string>
#include <unordered_map>

namespace headsweep {

IndexEntry index_entry(const Job& job, const RunSpec& run, const RunStore& store) {
  const FamilySpec& spec = job.families[run.family];
  const RunRecord& record = store.record();
  const bool begun = !record.full_per_prompt.empty();
  IndexEntry entry{store.path().stem().string(),
                   store.path().filename(),
                   spec.name,
                   name_of(spec.corruption),
                   record.threshold,
                   name_of(run.order),
                   name_of(run.ablation),
                   resample_text(job, run),
                   begun ? name_of(record.status) : "pending",
                   "",
                   static_cast<int>(record.decisions.size()),
                   static_cast<int>(kept_heads(record).size()),
                   circuit_score_percent(record)};
  return entry;
}

void update_index(const std::filesystem::path& folder, const std::vector<IndexEntry>& entries) {
  const std::filesystem::path path = folder / "index.h5";
  std::vector<IndexEntry> all;
  if (std::filesystem::exists(path)) all = read_run_index(path, FileOrigin::own_output);
  std::unordered_map<std::string, std::size_t> places;
  for (const IndexEntry& entry : all) places.emplace(entry.name, places.size());
  for (const IndexEntry& entry : entries) {
    const auto [place, is_new] = places.emplace(entry.name, all.size());
    if (is_new) {
      all.push_back(entry);
    } else {
      all[place->second] = entry;
    }
  }
  write_run_index(all, path);
}

}  // namespace headsweep
