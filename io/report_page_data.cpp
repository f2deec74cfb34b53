#include <algorithm>
#include <iterator>
#include <numeric>

#include "io/report_page_json.h"

namespace headsweep {
namespace {

using namespace page;

Json prompt(const PromptRecord& record) {
  return {{"text", record.text},
          {"answer", record.answer},
          {"distractor", record.distractor},
          {"template", record.template_id},
          {"tokens", record.tokens},
          {"positions", record.positions}};
}

Json prompts(const std::vector<PromptRecord>& records, std::size_t most) {
  Json shown = Json::array();
  for (std::size_t i = 0; i < std::min(records.size(), most); ++i)
    shown.push_back(prompt(records[i]));
  return {{"count", records.size()}, {"shown", std::move(shown)}};
}

/// [layer, head, score, margin, removed, rung, guard, tie, circuit's score after it, left,
///  position]
Json decisions(const RunRecord& record, const RunFigures& figures) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < record.decisions.size(); ++i) {
    const DecisionRecord& each = record.decisions[i];
    const RunComponent tried = run_component_of(each);
    const CurvePoint& after = figures.curve[i];
    rows.push_back(
        Json::array({tried.layer, tried.head, rounded(each.score_percent), rounded(each.margin),
                     each.removed ? 1 : 0, each.rung, rounded(each.guard), each.tie ? 1 : 0,
                     rounded(after.score_percent), after.left, tried.position}));
  }
  return rows;
}

Json rungs(const RunRecord& record) {
  Json list = Json::array();
  for (const auto& [name, cost, error, guard] : record.rungs)
    list.push_back({{"name", name}, {"guard", rounded(guard)}, {"error", rounded(error)}});
  return list;
}

Json audit(const RunRecord& record) {
  Json rows = Json::array();
  for (const AuditRecord& each : record.audit)
    rows.push_back(Json::array({each.decision, rounded(each.score_percent), each.agrees ? 1 : 0}));
  return rows;
}

/// As many dots as a strip can show.
std::vector<double> first_of(const std::vector<double>& values) {
  constexpr std::ptrdiff_t most_dots = 1000;
  return {values.begin(), values.begin() + std::min(std::ssize(values), most_dots)};
}

double mean(const std::vector<double>& values) {
  return values.empty() ? 0
                        : std::accumulate(values.begin(), values.end(), 0.0) /
                              static_cast<double>(values.size());
}

Json result(const RunRecord& record, const RunFigures& figures, std::size_t most_prompts) {
  Json kept = Json::array();
  for (const RunComponent each : figures.kept) kept.push_back(component(each));
  Json data = {{"layers", record.layers},
               {"heads", tries_heads(record) ? record.heads : 0},
               {"mlps", tries_mlps(record)},
               {"by_position", tries_positions(record)},
               {"components", figures.components},
               {"kept", std::move(kept)},
               {"score", rounded(figures.score_percent)},
               {"full_mean", rounded(record.full_mean)},
               {"prompts", record.full_per_prompt.size()},
               {"full", rounded(first_of(record.full_per_prompt))},
               {"circuit", rounded(first_of(figures.circuit_per_prompt))},
               {"circuit_mean", rounded(mean(figures.circuit_per_prompt))},
               {"nearest", figures.nearest},
               {"fragile", figures.fragile},
               {"rungs", rungs(record)},
               {"decisions", decisions(record, figures)},
               {"audit", audit(record)},
               {"identity", pairs(record.identity)},
               {"provenance", pairs(record.provenance)},
               {"job", record.job},
               {"seconds", record.decisions.empty() ? 0 : rounded(record.decisions.back().seconds)},
               {"evaluations", record.work.evaluations},
               {"positions", record.position_names}};
  if (figures.same_prompts) {
    data["same_prompts"] = *figures.same_prompts;
  } else {
    data["clean"] = prompts(record.clean, most_prompts);
    data["corrupted"] = prompts(record.corrupted, most_prompts);
  }
  return data;
}

Json run(const ReportedRun& reported, std::size_t most_prompts) {
  const FoundRun& found = reported.run;
  Json data = {{"name", found.name},           {"file", found.file.string()},
               {"family", found.family},       {"corruption", found.corruption},
               {"variant", variant_of(found)}, {"order", found.order},
               {"ablation", found.ablation},   {"threshold", rounded(found.threshold)},
               {"status", found.status},       {"reason", found.reason}};
  data["result"] =
      found.record ? result(*found.record, reported.figures, most_prompts) : Json(nullptr);
  if (found.analysis) data["analysis"] = analysis(*found.analysis, reported.analysis_figures);
  if (!found.analysis_problem.empty()) data["analysis_problem"] = found.analysis_problem;
  return data;
}

Json group(const CircuitGroup& circuits) {
  Json shared = Json::array(), united = Json::array(), kept_by = Json::array();
  for (const auto& row : circuits.overlaps) {
    Json shared_row = Json::array(), united_row = Json::array();
    for (const Overlap& overlap : row) {
      shared_row.push_back(overlap.shared);
      united_row.push_back(overlap.united);
    }
    shared.push_back(std::move(shared_row));
    united.push_back(std::move(united_row));
  }
  for (const auto& [kept, runs] : circuits.kept_by)
    kept_by.push_back(Json::array({kept.layer, kept.head, runs}));
  return {{"runs", circuits.runs},
          {"shared", std::move(shared)},
          {"united", std::move(united)},
          {"kept_by", std::move(kept_by)}};
}

std::string without_angle_brackets(const std::string& json) {
  std::string text;
  for (const char c : json) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

}  // namespace

std::string to_page_data(const Report& report, std::size_t most_prompts) {
  Json runs = Json::array(), groups = Json::array();
  for (const ReportedRun& each : report.runs) runs.push_back(run(each, most_prompts));
  for (const CircuitGroup& each : report.groups) groups.push_back(group(each));
  Json resampled = Json::array(), comparisons = Json::array();
  for (const ResampleGroup& each : report.resamples) resampled.push_back(resamples(each));
  for (const FoundComparison& each : report.comparisons) comparisons.push_back(comparison(each));
  const Json data = {{"version", report.program_version}, {"fragile_points", fragile_points},
                     {"runs", std::move(runs)},           {"groups", std::move(groups)},
                     {"resamples", std::move(resampled)}, {"comparisons", std::move(comparisons)}};
  // Texts of a run file may be no UTF-8; they must not make the report fail.
  return without_angle_brackets(data.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace headsweep
