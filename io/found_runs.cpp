#include "io/found_runs.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "io/analysis_file.h"
#include "io/errors.h"
#include "io/result_format.h"
#include "io/run_file.h"
#include "io/run_index.h"
#include "io/trial.h"

namespace headsweep {
namespace {

/// What is damaged or of another run hides no run; it is said.
void find_analysis(FoundRun& run, FileOrigin origin) {
  const std::filesystem::path file = analysis_path_of(run.file);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return;
  try {
    AnalysisRecord analysis = read_analysis_file(file, origin);
    if (is_about(analysis, *run.record))
      run.analysis = std::move(analysis);
    else
      run.analysis_problem = fmt::format(
          "{}: is about another run (its model, prompts or decisions are not this one's): analyse "
          "this run again",
          file.string());
  } catch (const UserError& error) {
    run.analysis_problem = error.what();
  }
}

FoundRun run_in(const std::filesystem::path& file, FileOrigin origin) {
  FoundRun run;
  run.name = file.stem().string();
  run.file = file;
  run.record = read_run_file(file, origin);
  run.family = run.record->family;
  run.corruption = value_of(run.record->identity, "corruption", "?");
  run.threshold = run.record->threshold;
  run.order = value_of(run.record->identity, "order", "?");
  run.ablation = value_of(run.record->identity, "ablation", "?");
  run.resample = value_of(run.record->identity, "resample", "");
  run.status = name_of(run.record->status);
  find_analysis(run, origin);
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
FoundRun run_of(const IndexEntry& entry, const std::filesystem::path& folder, FileOrigin origin) {
  const std::filesystem::path file = folder / entry.run_file;
  FoundRun run = listed(entry, file);
  const bool has_begun = entry.status != "pending" && entry.status != "failed";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    if (has_begun) run.status = "missing";
    return run;
  }
  try {
    FoundRun in_file = run_in(file, origin);
    if (entry.status != "failed") return in_file;
    run.record = std::move(in_file.record);
    run.resample = std::move(in_file.resample);
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

std::filesystem::path run_of_analysis(const std::filesystem::path& file) {
  std::filesystem::path run = run_file_of(file);
  std::error_code ignored;
  if (run == file || !std::filesystem::exists(run, ignored))
    throw UserError(
        fmt::format("{}: is an analysis, and the run that it is of is not beside it: "
                    "name a run file",
                    file.string()));
  return run;
}

/// Of an index that lists thousands of runs, a child process for each would take minutes: one reads
/// many files, and only if it does not come to its end is each of them tried by itself.
FileOrigin origin_of(std::span<const IndexEntry> entries, const std::filesystem::path& folder) {
  std::size_t bytes = 0;
  for (const IndexEntry& entry : entries) {
    for (const auto& file : {folder / entry.run_file, analysis_path_of(folder / entry.run_file)}) {
      std::error_code missing;
      const auto file_bytes = std::filesystem::file_size(file, missing);
      if (!missing) bytes += file_bytes;
    }
  }
  try {
    try_in_child(limits_for(bytes), [&] {
      for (const IndexEntry& entry : entries) run_of(entry, folder, FileOrigin::tried);
    });
    return FileOrigin::tried;
  } catch (const TrialRefusal&) {
    return FileOrigin::anywhere;
  } catch (const TrialFailure&) {
    return FileOrigin::anywhere;
  }
}

std::vector<FoundRun> runs_of(std::span<const IndexEntry> entries,
                              const std::filesystem::path& folder) {
  constexpr std::size_t files_of_a_child = 100;
  std::vector<FoundRun> runs;
  while (!entries.empty()) {
    const auto some = entries.first(std::min(files_of_a_child, entries.size()));
    const FileOrigin origin = origin_of(some, folder);
    for (const IndexEntry& entry : some) runs.push_back(run_of(entry, folder, origin));
    entries = entries.subspan(some.size());
  }
  return runs;
}

std::vector<FoundRun> runs_at(const std::filesystem::path& path) {
  std::error_code ignored;  // what cannot be looked at is refused when it is read
  const auto file = std::filesystem::is_directory(path, ignored) ? index_of(path) : path;
  const std::string format = result_format(file);
  std::vector<FoundRun> runs;
  if (format == comparison_format) return runs;
  if (format == analysis_format) return {run_in(run_of_analysis(file), FileOrigin::anywhere)};
  if (format != index_format) return {run_in(file, FileOrigin::anywhere)};
  return runs_of(read_run_index(file), file.parent_path());
}

}  // namespace

std::filesystem::path identity_of(const std::filesystem::path& file) {
  std::error_code error;
  auto canonical = std::filesystem::weakly_canonical(file, error);
  return error ? file : canonical;
}

bool is_finished(const FoundRun& run) { return run.record && is_over(run.record->status); }

std::vector<FoundRun> find_runs(const std::vector<std::filesystem::path>& paths) {
  std::set<std::filesystem::path> seen;
  std::vector<FoundRun> runs;
  for (const auto& path : paths)
    for (FoundRun& run : runs_at(path))
      if (seen.insert(identity_of(run.file)).second) runs.push_back(std::move(run));
  return runs;
}

std::string variant_of(const FoundRun& run) {
  std::string text;
  if (!run.order.empty() && run.order != name_of(Order::backward)) text += ", order " + run.order;
  if (!run.ablation.empty() && run.ablation != name_of(Ablation::mean))
    text += ", " + run.ablation + " ablation";
  if (!run.resample.empty()) text += ", resample " + run.resample;
  return text;
}

}  // namespace headsweep
