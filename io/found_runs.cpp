#include "io/found_runs.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "io/errors.h"
#include "io/run_file.h"
#include "io/run_index.h"

namespace headsweep {
namespace {

FoundRun run_in(const std::filesystem::path& file) {
  FoundRun run;
  run.name = file.stem().string();
  run.file = file;
  run.record = read_run_file(file);
  run.family = run.record->family;
  run.corruption = value_of(run.record->identity, "corruption", "?");
  run.threshold = run.record->threshold;
  run.order = value_of(run.record->identity, "order", "?");
  run.ablation = value_of(run.record->identity, "ablation", "?");
  run.resample = value_of(run.record->identity, "resample", "");
  run.status = name_of(run.record->status);
  return run;
}

FoundRun listed(const IndexEntry& entry, const std::filesystem::path& file) {
  FoundRun run;
  run.name = entry.name;
  run.file = file;
  run.family = entry.family;
  run.corruption = entry.corruption;
  run.threshold = entry.threshold;
  run.order = entry.order;
  run.ablation = entry.ablation;
  run.resample = entry.resample;
  run.status = entry.status;
  run.reason = entry.reason;
  return run;
}

/// What a file says of itself is newer than what the index says of it, but only the index knows
/// that a run failed.
FoundRun run_of(const IndexEntry& entry, const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / entry.run_file;
  FoundRun run = listed(entry, file);
  const bool has_begun = entry.status != "pending" && entry.status != "failed";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    if (has_begun) run.status = "missing";
    return run;
  }
  try {
    FoundRun in_file = run_in(file);
    if (entry.status != "failed") return in_file;
    run.record = std::move(in_file.record);
  } catch (const UserError& error) {
    run.status = "unreadable";
    run.reason = error.what();
  }
  return run;
}

std::filesystem::path index_of(const std::filesystem::path& folder) {
  std::filesystem::path index = folder / "index.h5";
  std::error_code ignored;
  if (!std::filesystem::exists(index, ignored))
    throw UserError(
        fmt::format("{}: is a folder without an index.h5: name a run file, or the folder of a "
                    "job's runs (run.output and the job's name)",
                    folder.string()));
  return index;
}

std::vector<FoundRun> runs_at(const std::filesystem::path& path) {
  std::error_code ignored;  // what cannot be looked at is refused when it is read
  const auto file = std::filesystem::is_directory(path, ignored) ? index_of(path) : path;
  if (!is_run_index(file)) return {run_in(file)};
  std::vector<FoundRun> runs;
  for (const IndexEntry& entry : read_run_index(file))
    runs.push_back(run_of(entry, file.parent_path()));
  return runs;
}

/// The same for all names of a file.
std::filesystem::path identity_of(const std::filesystem::path& file) {
  std::error_code error;
  auto canonical = std::filesystem::weakly_canonical(file, error);
  return error ? file : canonical;
}

}  // namespace

std::vector<FoundRun> find_runs(const std::vector<std::filesystem::path>& paths) {
  std::set<std::filesystem::path> seen;
  std::vector<FoundRun> runs;
  for (const auto& path : paths)
    for (FoundRun& run : runs_at(path))
      if (seen.insert(identity_of(run.file)).second) runs.push_back(std::move(run));
  return runs;
}

}  // namespace headsweep
