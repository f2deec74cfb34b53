#include "pipeline/report/report.h"

#include <map>
#include <string>
#include <utility>

#include "headsweep/version.h"

#include "pipeline/report/analysis_figures.h"
#include "pipeline/report/figures.h"
#include "pipeline/report/overlaps.h"
#include "pipeline/report/resamples.h"

namespace headsweep {
namespace {

std::string prompts_of(const FoundRun& run) {
  return run.record ? value_of(run.record->identity, "prompts_sha256", "") : "";
}

/// Runs at several thresholds have the same prompts; they are shown once.
void point_to_same_prompts(std::vector<ReportedRun>& runs) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string prompts = prompts_of(runs[i].run);
    if (prompts.empty()) continue;
    const auto [earlier, is_new] = first.emplace(prompts, i);
    if (!is_new) runs[i].figures.same_prompts = earlier->second;
  }
}

}  // namespace

Report report_of(std::vector<FoundRun> runs, std::vector<FoundComparison> comparisons) {
  Report report;
  report.program_version = program_version;
  report.resamples = take_resamples(runs);
  report.comparisons = std::move(comparisons);
  for (FoundRun& run : runs) {
    RunFigures figures = run.record ? figures_of(*run.record) : RunFigures{};
    AnalysisFigures of_analysis =
        run.analysis ? analysis_figures_of(*run.analysis) : AnalysisFigures{};
    report.runs.push_back({std::move(run), std::move(figures), std::move(of_analysis)});
  }
  point_to_same_prompts(report.runs);
  report.groups = circuit_groups(report.runs);
  return report;
}

}  // namespace headsweep
