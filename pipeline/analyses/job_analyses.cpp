#include "pipeline/analyses/job_analyses.h"

#include <algorithm>
#include <cassert>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/analysis_file.h"
#include "io/printable.h"
#include "io/wording.h"
#include "pipeline/analyses/analyses.h"
#include "pipeline/analyses/make_on_ranks.h"
#include "pipeline/run_store.h"

namespace headsweep {
namespace {

/// Resamples say how sure a circuit is; they are not what is analysed.
std::vector<FoundRun> finished_runs_of(const Job& job) {
  std::vector<std::filesystem::path> files;
  for (const RunSpec& run : runs_of(job)) {
    const auto path = run_file_path(job, run);
    if (run.resample == 0 && std::filesystem::exists(path)) files.push_back(path);
  }
  std::vector<FoundRun> runs = find_runs(files);
  std::erase_if(runs, [](const FoundRun& run) { return !is_finished(run); });
  return runs;
}

/// Whose numbers are those that the analysis commands find by default.
int rung_for_analyses(const Ladder& ladder) {
  const auto fp32 = std::ranges::find(ladder.rungs, Rung::fp32);
  return fp32 == ladder.rungs.end() ? ladder.top() : static_cast<int>(fp32 - ladder.rungs.begin());
}

std::string names_of(const std::vector<Analysis>& analyses) {
  std::vector<std::string> names;
  for (const Analysis each : analyses) names.emplace_back(name_of(each));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Outcome make_analyses(Ranks& ranks, Worker& worker, const Job& job, const WorkOrder& order,
                      const LoadedRungs& loaded, CheckpointWatch& checkpoint) {
  if (job.analyses.make.empty()) return Outcome::done;
  std::vector<FoundRun> runs = finished_runs_of(job);
  if (runs.empty()) return Outcome::done;
  const int rung = rung_for_analyses(order.rule.ladder);
  Analyses analyses(std::move(runs), {job.analyses.make, job.analyses.draws,
                                      order.rule.ladder.rungs[static_cast<std::size_t>(rung)],
                                      comparison_path_in(run_folder(job))});
  analyses.check_before_saving([&] { checkpoint.check(); });
  const bool were_there = analyses.complete();
  if (!were_there) {
    std::vector<AblatedFamily> families = order.families;
    analyses.need_families(families);
    assert(families.size() == order.families.size());  // the runs are the job's own
    if (make_on_ranks(ranks, worker, order, loaded, rung, analyses) == Outcome::stopped)
      return Outcome::stopped;
  }
  print_text(stdout, "\nanalyses of {}{}: {}; the commands of these names show them\n",
             counted(std::ssize(analyses.runs()), "run", "runs"),
             were_there ? " (were there already)" : "", names_of(job.analyses.make));
  return Outcome::done;
}

std::string describe_analyses(const Job& job, int components) {
  const SubsetDraws& draws = job.analyses.draws;
  const auto all = static_cast<std::size_t>(components);
  std::vector<std::string> parts;
  for (const Analysis each : job.analyses.make) {
    const long long most = most_evaluations(each, all, 0, draws);
    if (each == Analysis::compare) {
      parts.push_back("compare (each circuit on each family)");
    } else if (each == Analysis::faithfulness) {
      parts.push_back(
          fmt::format("faithfulness ({} evaluations for each run, and {} for each "
                      "component of its circuit)",
                      most, most_evaluations(each, all, 1, draws) - most));
    } else {
      parts.push_back(fmt::format("{} ({} evaluations for each run)", name_of(each), most));
    }
  }
  return parts.empty() ? "" : fmt::format("\nanalyses, at most: {}\n", fmt::join(parts, ", "));
}

}  // namespace headsweep
