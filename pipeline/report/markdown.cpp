#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/report/markdown_analyses.h"
#include "pipeline/report/markdown_table.h"
#include "pipeline/report/report.h"

namespace headsweep {
namespace {

constexpr std::size_t nearest_shown = 5;  // where no decision is fragile

std::string margin_text(double margin) { return fmt::format("{:+.4g}", margin); }

/// Why runs failed or cannot be read: too long for a cell.
std::string reasons(const Report& report) {
  std::string text;
  for (std::size_t i = 0; i < report.runs.size(); ++i)
    if (const FoundRun& run = report.runs[i].run; !run.reason.empty())
      text += fmt::format("Run {} is {}: {}\n\n", i + 1, markdown_text(run.status),
                          markdown_text(run.reason));
  return text;
}

std::string warnings_of(const RunRecord& record) {
  std::string text;
  for (const char* key : {"prompt_warnings", "full_model_warnings"})
    if (const std::string warnings = value_of(record.provenance, key, ""); !warnings.empty())
      text += fmt::format("Warning: {}\n\n", markdown_text(warnings));
  return text;
}

std::string runs_table(const Report& report) {
  MarkdownTable table({{"", Align::right},
                       {"family", Align::left},
                       {"corruption", Align::left},
                       {"threshold %", Align::right},
                       {"order", Align::left},
                       {"ablation", Align::left},
                       {"status", Align::left},
                       {"kept", Align::right},
                       {"of", Align::right},
                       {"score %", Align::right},
                       {"nearest margin", Align::right},
                       {"fragile", Align::right}});
  for (std::size_t i = 0; i < report.runs.size(); ++i) {
    const FoundRun& run = report.runs[i].run;
    const RunFigures& figures = report.runs[i].figures;
    std::vector<std::string> cells = {std::to_string(i + 1),
                                      run.family,
                                      run.corruption,
                                      fmt::format("{}", run.threshold),
                                      run.order,
                                      run.ablation,
                                      run.status};
    if (run.record) {
      cells.push_back(std::to_string(figures.kept.size()));
      cells.push_back(std::to_string(figures.components));
      cells.push_back(fmt::format("{:.2f}", figures.score_percent));
      cells.push_back(figures.nearest.empty()
                          ? ""
                          : margin_text(run.record->decisions[figures.nearest.front()].margin));
      cells.push_back(std::to_string(figures.fragile));
    }
    cells.resize(12);
    table.add(std::move(cells));
  }
  return "## Runs\n\n" + table.text() + reasons(report);
}

/// Each with each, if they have been compared.
std::string jaccard_table(const CircuitGroup& group) {
  if (group.overlaps.empty())
    return fmt::format(
        "{} circuits are too many to show each beside each: report fewer runs to see what two of "
        "them share.\n\n",
        group.runs.size());
  MarkdownTable::Columns columns = {{"Jaccard", Align::right}};
  for (const std::size_t run : group.runs)
    columns.emplace_back(std::to_string(run + 1), Align::right);
  MarkdownTable table(std::move(columns));
  for (std::size_t row = 0; row < group.runs.size(); ++row) {
    std::vector<std::string> cells = {std::to_string(group.runs[row] + 1)};
    for (const Overlap& overlap : group.overlaps[row])
      cells.push_back(fmt::format("{:.2f}", overlap.jaccard()));
    table.add(std::move(cells));
  }
  return table.text();
}

std::string overlaps_table(const CircuitGroup& group) {
  std::vector<std::string> in_all;
  for (const auto& [component, runs] : group.kept_by)
    if (static_cast<std::size_t>(runs) == group.runs.size())
      in_all.push_back(label_of(component, {}));
  std::string text =
      fmt::format("In all {}: {}\n\n", group.runs.size(),
                  in_all.empty() ? "none" : fmt::format("{}", fmt::join(in_all, " ")));
  if (group.runs.size() > 2)
    text += fmt::format("In half of them or more: {}\n\n",
                        often_kept(group.kept_by, static_cast<int>(group.runs.size())));
  return "## Overlap of circuits\n\n" + jaccard_table(group) + text;
}

std::string circuit_table(const RunFigures& figures) {
  std::map<int, std::vector<std::string>> by_layer;
  for (const RunComponent kept : without_positions(figures.kept))
    by_layer[kept.layer].push_back(kept.is_mlp() ? "mlp" : std::to_string(kept.head));
  MarkdownTable table({{"layer", Align::right}, {"kept heads", Align::left}});
  for (const auto& [layer, kept] : by_layer)
    table.add({std::to_string(layer), fmt::format("{}", fmt::join(kept, " "))});
  return table.text();
}

std::string nearest_table(const RunRecord& record, const RunFigures& figures) {
  if (figures.nearest.empty()) return "";
  MarkdownTable table({{"nearest", Align::left},
                       {"decision", Align::left},
                       {"score %", Align::right},
                       {"margin", Align::right},
                       {"precision", Align::left}});
  const std::size_t count =
      figures.fragile > 0 ? figures.fragile : std::min(nearest_shown, figures.nearest.size());
  for (std::size_t i = 0; i < count; ++i) {
    const DecisionRecord& decision = record.decisions[figures.nearest[i]];
    table.add(
        {label_of(run_component_of(decision), record), decision.removed ? "removed" : "kept",
         fmt::format("{:.4f}", decision.score_percent), margin_text(decision.margin),
         record.rungs.empty() ? "" : record.rungs[static_cast<std::size_t>(decision.rung)].name});
  }
  return table.text();
}

}  // namespace

std::string markdown_tables(const Report& report) {
  std::string text = runs_table(report);
  for (const CircuitGroup& group : report.groups) text += overlaps_table(group);
  text += transfer_tables(report) + resamples_table(report);
  for (std::size_t i = 0; i < report.runs.size(); ++i) {
    const FoundRun& run = report.runs[i].run;
    const RunFigures& figures = report.runs[i].figures;
    if (!run.record) continue;
    text +=
        fmt::format("## {}. {}, {}, threshold {} %{}\n\n", i + 1, markdown_text(run.family),
                    markdown_text(run.corruption), run.threshold, markdown_text(variant_of(run)));
    text += warnings_of(*run.record);
    text += circuit_table(figures) + nearest_table(*run.record, figures) +
            analysis_tables(report.runs[i]);
  }
  text.pop_back();  // the last table's empty line
  return text;
}

}  // namespace headsweep
