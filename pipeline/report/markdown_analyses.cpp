#include "pipeline/report/markdown_analyses.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/report/markdown_table.h"

namespace headsweep {
namespace {

constexpr std::size_t most_knockouts = 10, most_weakest = 5;

std::string two_digits(double percent) { return fmt::format("{:.2f}", percent); }

std::string names_of(const std::vector<RunComponent>& components, const RunRecord& record) {
  std::vector<std::string> names;
  for (const RunComponent each : components) names.push_back(label_of(each, record));
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

std::string faithfulness_table(const AnalysisRecord& analysis, const AnalysisFigures& figures) {
  MarkdownTable::Columns columns;
  for (const char* title :
       {"full", "circuit", "nothing", "difference", "of full %", "normalised %"})
    columns.emplace_back(title, Align::right);
  std::vector<std::string> cells;
  for (const double mean : {analysis.full, analysis.circuit, analysis.empty,
                            std::abs(analysis.full - analysis.circuit)})
    cells.push_back(fmt::format("{:.4f}", mean));
  cells.push_back(two_digits(analysis.percent(analysis.circuit)));
  cells.push_back(two_digits(100 * analysis.normalised(analysis.circuit)));
  if (!analysis.sizes.empty()) {
    for (const char* title : {"CPR", "CMD"}) columns.emplace_back(title, Align::right);
    for (const double area : {figures.cpr, figures.cmd})
      cells.push_back(fmt::format("{:.4f}", area));
  }
  MarkdownTable table(std::move(columns));
  table.add(std::move(cells));
  return table.text();
}

std::string knockouts_table(const AnalysisRecord& analysis, const AnalysisFigures& figures,
                            const RunRecord& record) {
  if (analysis.knockouts.empty()) return "";
  MarkdownTable table(
      {{"knock-out", Align::left}, {"lost %", Align::right}, {"alone %", Align::right}});
  for (std::size_t i = 0; i < std::min(most_knockouts, figures.strongest.size()); ++i) {
    const KnockoutRecord& each = analysis.knockouts[figures.strongest[i]];
    table.add({label_of(each.component, record),
               two_digits(analysis.percent(analysis.everything - each.without)),
               two_digits(analysis.percent(each.alone))});
  }
  return table.text();
}

std::string worst_subset(const AnalysisRecord& analysis, const AnalysisFigures& figures,
                         const RunRecord& record) {
  if (!figures.worst) return "";
  const CompletenessRecord& worst = analysis.completeness[*figures.worst];
  return fmt::format(
      "Completeness: the worst of {} subsets of the circuit ({}) is {}. Without it the circuit "
      "does "
      "{} % of the full model, and the full model {} %: a difference of {} points.\n\n",
      analysis.completeness.size(), name_of(worst.choice),
      markdown_text(names_of(worst.removed, record)), two_digits(analysis.percent(worst.circuit)),
      two_digits(analysis.percent(worst.model)),
      two_digits(std::abs(analysis.percent(worst.circuit - worst.model))));
}

std::string weakest_table(const AnalysisRecord& analysis, const AnalysisFigures& figures,
                          const RunRecord& record) {
  if (analysis.minimality.empty()) return "";
  MarkdownTable table({{"matters least", Align::left},
                       {"points", Align::right},
                       {"once these are gone", Align::left}});
  for (std::size_t i = 0; i < std::min(most_weakest, figures.weakest.size()); ++i) {
    const MinimalityRecord& each = analysis.minimality[figures.weakest[i]];
    table.add({label_of(each.component, record),
               two_digits(std::abs(analysis.percent(each.without - each.with))),
               names_of(each.removed, record)});
  }
  return table.text();
}

std::string transfer_table(const ComparisonRecord& comparison) {
  MarkdownTable::Columns columns = {{"% of full", Align::left}};
  for (std::size_t i = 0; i < comparison.families.size(); ++i)
    columns.emplace_back(std::to_string(i + 1), Align::right);
  MarkdownTable table(std::move(columns));
  for (std::size_t circuit = 0; circuit < comparison.circuits.size(); ++circuit) {
    std::vector<std::string> cells = {comparison.circuits[circuit]};
    for (std::size_t family = 0; family < comparison.families.size(); ++family)
      cells.push_back(std::isnan(comparison.means[circuit][family])
                          ? ""
                          : fmt::format("{:.1f}", comparison.percent(circuit, family)));
    table.add(std::move(cells));
  }
  std::string families;
  for (std::size_t i = 0; i < comparison.families.size(); ++i)
    families +=
        fmt::format("{}{}: {}", i == 0 ? "" : ", ", i + 1, markdown_text(comparison.families[i]));
  return table.text() + families + "\n\n";
}

template <class Number>
std::string range(const Number& least, const Number& most) {
  return least == most ? fmt::format("{}", least) : fmt::format("{} to {}", least, most);
}

}  // namespace

std::string often_kept(std::vector<std::pair<RunComponent, int>> kept_by, int circuits) {
  std::erase_if(kept_by, [&](const auto& kept) { return 2 * kept.second < circuits; });
  std::ranges::stable_sort(kept_by, std::greater(), [](const auto& kept) { return kept.second; });
  std::vector<std::string> names;
  for (const auto& [component, keepers] : kept_by)
    names.push_back(fmt::format("{} ({})", label_of(component, {}), keepers));
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::string analysis_tables(const ReportedRun& reported) {
  const FoundRun& run = reported.run;
  const AnalysisFigures& figures = reported.analysis_figures;
  if (!run.analysis)
    return run.analysis_problem.empty()
               ? ""
               : "Not shown: " + markdown_text(run.analysis_problem) + "\n\n";
  return faithfulness_table(*run.analysis, figures) +
         knockouts_table(*run.analysis, figures, *run.record) +
         worst_subset(*run.analysis, figures, *run.record) +
         weakest_table(*run.analysis, figures, *run.record);
}

std::string transfer_tables(const Report& report) {
  std::string text;
  for (const FoundComparison& found : report.comparisons)
    text += "## Circuits on other families\n\n" +
            (found.record ? transfer_table(*found.record)
                          : "Not shown: " + markdown_text(found.problem) + "\n\n");
  return text;
}

std::string resamples_table(const Report& report) {
  if (report.resamples.empty()) return "";
  MarkdownTable table({{"run", Align::left},
                       {"resamples", Align::right},
                       {"kept", Align::right},
                       {"score %", Align::right},
                       {"kept by half of them or more (by how many)", Align::left}});
  for (const ResampleGroup& group : report.resamples) {
    std::vector<std::string> cells = {
        group.name, group.unfinished == 0 ? std::to_string(group.finished)
                                          : fmt::format("{} of {}", group.finished,
                                                        group.finished + group.unfinished)};
    if (group.finished > 0) {
      cells.push_back(range(group.fewest, group.most));
      cells.push_back(range(two_digits(group.lowest_percent), two_digits(group.highest_percent)));
      cells.push_back(often_kept(group.kept_by, group.finished));
    }
    cells.resize(5);
    table.add(std::move(cells));
  }
  return "## Resampled prompts\n\n" + table.text();
}

}  // namespace headsweep
