#include "pipeline/analyses/tables.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/analysis_file.h"
#include "io/analysis_json.h"
#include "pipeline/analyses/sizes.h"
#include "pipeline/report/analysis_figures.h"
#include "pipeline/report/figures.h"
#include "pipeline/report/report.h"

namespace headsweep {
namespace {

/// Rows of a long list; the rest is in the file, and in what --json prints.
constexpr std::size_t most_rows = 20;

std::string subset_text(const Subset& subset, const RunRecord& run) {
  std::vector<std::string> labels;
  for (const RunComponent each : subset) labels.push_back(label_of(each, run));
  return labels.empty() ? "none" : fmt::format("{}", fmt::join(labels, ", "));
}

std::string left_out(std::size_t all) {
  return all <= most_rows ? "" : fmt::format("  ... and {} more\n", all - most_rows);
}

std::string heading(const AnalysisRecord& record) {
  return fmt::format(
      "{}: full model {:.4f}, circuit {:.4f} ({:.2f} %), nothing {:.4f} ({:.2f} %)\n", record.run,
      record.full, record.circuit, record.percent(record.circuit), record.empty,
      record.percent(record.empty));
}

std::string knockout_table(const AnalysisRecord& record, const AnalysisFigures& figures,
                           const RunRecord& run) {
  std::string text = fmt::format(
      "knock-outs of {} components, percent of the full model's logit difference ({:.2f} with "
      "everything kept), the largest loss first:\n  {:<14} {:>12} {:>12}\n",
      record.knockouts.size(), record.percent(record.everything), "component", "without it",
      "it alone");
  for (std::size_t i = 0; i < std::min(figures.strongest.size(), most_rows); ++i) {
    const KnockoutRecord& each = record.knockouts[figures.strongest[i]];
    text += fmt::format("  {:<14} {:>10.2f} % {:>10.2f} %\n", label_of(each.component, run),
                        record.percent(each.without), record.percent(each.alone));
  }
  return text + left_out(figures.strongest.size());
}

std::string worst_completeness(const AnalysisRecord& record, const RunRecord& run) {
  std::string text = fmt::format(
      "completeness, |F(C \\ K) - F(M \\ K)|, the largest first ({} subsets K of {} components):\n"
      "  {:>10} {:>10} {:>10}  {:<7} {}\n",
      record.completeness.size(), record.completeness.back().removed.size(), "difference",
      "F(C \\ K)", "F(M \\ K)", "chosen", "K");
  auto worst = record.completeness;
  std::ranges::stable_sort(worst, std::greater<>(), &CompletenessRecord::incompleteness);
  for (std::size_t i = 0; i < std::min(worst.size(), most_rows / 2); ++i)
    text += fmt::format("  {:>10.4f} {:>10.4f} {:>10.4f}  {:<7} {}\n", worst[i].incompleteness(),
                        worst[i].circuit, worst[i].model, name_of(worst[i].choice),
                        subset_text(worst[i].removed, run));
  return text;
}

std::string least_minimality(const AnalysisRecord& record, const AnalysisFigures& figures,
                             const RunRecord& run) {
  std::string text = fmt::format(
      "minimality, |F(C \\ (K + v)) - F(C \\ K)|, the smallest first:\n  {:<14} {:>10} {:>10}  "
      "{}\n",
      "v", "difference", "% of full", "K");
  for (std::size_t i = 0; i < std::min(figures.weakest.size(), most_rows); ++i) {
    const MinimalityRecord& each = record.minimality[figures.weakest[i]];
    text += fmt::format("  {:<14} {:>10.4f} {:>8.2f} %  {}\n", label_of(each.component, run),
                        each.score(), std::abs(record.percent(each.score())),
                        subset_text(each.removed, run));
  }
  return text + left_out(figures.weakest.size());
}

std::string faithfulness_table(const AnalysisRecord& record, const AnalysisFigures& figures,
                               const RunRecord& run) {
  return fmt::format("faithfulness: |F(M) - F(C)| {:.4f}, F(C) / F(M) {:.4f}, normalised {:.4f}\n",
                     std::abs(record.full - record.circuit), record.circuit / record.full,
                     record.normalised(record.circuit)) +
         worst_completeness(record, run) + least_minimality(record, figures, run);
}

/// Where the search had kept so many: at each size once, from the largest on.
std::string search_curve(const RunRecord& run) {
  std::vector<CurvePoint> removals;
  int left = components_of(run);
  for (const CurvePoint& point : removal_curve(run)) {
    if (point.left != left) removals.push_back(point);
    left = point.left;
  }
  std::string text = fmt::format("along the search: {} components kept, score", components_of(run));
  // A dozen of them, the last in any case.
  const std::size_t step = std::max<std::size_t>(1, removals.size() / 12);
  for (std::size_t i = 0; i < removals.size(); ++i)
    if ((removals.size() - 1 - i) % step == 0)
      text += fmt::format("\n  {:>6} {:>9.2f} %", removals[i].left, removals[i].score_percent);
  return text + "\n";
}

std::string curve_table(const AnalysisRecord& record, const AnalysisFigures& figures,
                        const RunRecord& run) {
  std::string text = fmt::format(
      "the best components by loss: CPR {:.4f}, CMD {:.4f}\n  {:>8} {:>6} {:>10} {:>12}\n",
      figures.cpr, figures.cmd, "fraction", "kept", "F", "normalised f");
  for (const SizeRecord& each : record.sizes)
    text += fmt::format("  {:>8} {:>6} {:>10.4f} {:>12.4f}\n", each.fraction, each.kept, each.mean,
                        record.normalised(each.mean));
  return text + search_curve(run);
}

/// Of one model there is one group, if there are two circuits.
std::optional<CircuitGroup> group_of(const std::vector<FoundRun>& runs) {
  Report report = report_of(runs);
  if (report.groups.empty()) return std::nullopt;
  return std::move(report.groups.front());
}

std::string transfer_table(const ComparisonRecord& record) {
  std::string text = "score of each circuit on each family, percent of the full model there:\n";
  for (std::size_t f = 0; f < record.families.size(); ++f)
    text += fmt::format("  family {}: {}, full model {:.4f}, nothing {:.2f} %\n", f + 1,
                        record.families[f], record.full[f], 100 * record.empty[f] / record.full[f]);
  std::size_t width = 8;
  for (const std::string& name : record.circuits) width = std::max(width, name.size());
  text += fmt::format("  {:<{}}", "circuit", width);
  for (std::size_t f = 0; f < record.families.size(); ++f) text += fmt::format(" {:>9}", f + 1);
  for (std::size_t c = 0; c < record.circuits.size(); ++c) {
    text += fmt::format("\n  {:<{}}", record.circuits[c], width);
    for (std::size_t f = 0; f < record.families.size(); ++f)
      text += std::isnan(record.means[c][f]) ? fmt::format(" {:>9}", "-")
                                             : fmt::format(" {:>9.2f}", record.percent(c, f));
  }
  return text + "\n";
}

std::string overlap_table(const CircuitGroup& group, const RunRecord& run) {
  std::string text = "what circuits share, Jaccard (components in both), in the order above:\n";
  for (const auto& row : group.overlaps) {
    text += " ";
    for (const Overlap& each : row)
      text += fmt::format(" {:>5.2f} ({:>3})", each.jaccard(), each.shared);
    text += "\n";
  }
  auto often = group.kept_by;
  std::ranges::stable_sort(often, [](auto& a, auto& b) { return a.second > b.second; });
  text += fmt::format("kept by how many of {} circuits:\n", group.runs.size());
  for (std::size_t i = 0; i < std::min(often.size(), most_rows); ++i)
    text += fmt::format("  {:<14} {:>4}\n", label_of(often[i].first, run), often[i].second);
  return text + left_out(often.size());
}

std::string run_table(const AnalysisRecord& record, const FoundRun& run, Analysis analysis) {
  const std::string text = heading(record);
  const RunRecord& found = *run.record;
  const AnalysisFigures figures = analysis_figures_of(record);
  switch (analysis) {
    case Analysis::knockout:
      return text + knockout_table(record, figures, found);
    case Analysis::faithfulness:
      return text + faithfulness_table(record, figures, found);
    case Analysis::curve:
      return text + curve_table(record, figures, found);
    case Analysis::compare:
      break;
  }
  return text;
}

}  // namespace

std::string analysis_tables(const Analyses& analyses, Analysis analysis) {
  const auto& runs = analyses.runs();
  std::string text;
  if (analysis == Analysis::compare) {
    text = transfer_table(*analyses.comparison());
    if (const auto group = group_of(runs)) text += overlap_table(*group, *runs.front().record);
    return text;
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i > 0) text += "\n";
    text += run_table(analyses.records()[i], runs[i], analysis);
    text += fmt::format("kept in {}\n", analysis_path_of(runs[i].file).string());
  }
  return text;
}

std::string analyses_json(const Analyses& analyses, Analysis analysis) {
  if (analysis == Analysis::compare) {
    const auto group = group_of(analyses.runs());
    return to_json(*analyses.comparison(), group ? &*group : nullptr);
  }
  std::vector<AnalysedRun> runs;
  for (std::size_t i = 0; i < analyses.runs().size(); ++i) {
    const RunRecord& run = *analyses.runs()[i].record;
    const AnalysisRecord& record = analyses.records()[i];
    const Areas areas = areas_of(record);
    runs.push_back({record, kept_components(run), removal_curve(run), areas.cpr, areas.cmd});
  }
  return analysis == Analysis::knockout       ? knockouts_json(runs)
         : analysis == Analysis::faithfulness ? faithfulness_json(runs)
                                              : curves_json(runs);
}

}  // namespace headsweep
