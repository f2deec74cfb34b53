#include "io/analysis_json.h"

#include "io/written_json.h"

namespace headsweep {
namespace {

Json component(RunComponent each, const std::vector<std::string>& position_names) {
  Json json = {{"layer", each.layer}, {"component", each.is_mlp() ? "mlp" : "head"}};
  json["head"] = each.is_mlp() ? Json() : Json(each.head);
  if (each.position != RunComponent::every_position)
    json["position"] = position_names.at(static_cast<std::size_t>(each.position));
  return json;
}

Json components(const std::vector<RunComponent>& all,
                const std::vector<std::string>& position_names) {
  Json list = Json::array();
  for (const RunComponent each : all) list.push_back(component(each, position_names));
  return list;
}

Json head_of(const AnalysisRecord& record) {
  return {{"run", record.run},
          {"family", record.family},
          {"corruption", record.corruption},
          {"threshold", record.threshold},
          {"identity", named_values(record.identity)},
          {"provenance", named_values(record.provenance)},
          {"full", record.full},
          {"everything", record.everything},
          {"circuit", record.circuit},
          {"nothing", record.empty}};
}

template <class Add>
std::string runs_json(const std::vector<AnalysedRun>& runs, Add add) {
  Json list = Json::array();
  for (const AnalysedRun& run : runs) {
    Json json = head_of(run.record);
    add(run, json);
    list.push_back(std::move(json));
  }
  return written({{"runs", std::move(list)}});
}

Json completeness(const AnalysisRecord& record) {
  Json rows = Json::array();
  for (const CompletenessRecord& each : record.completeness)
    rows.push_back({{"choice", name_of(each.choice)},
                    {"removed", components(each.removed, record.position_names)},
                    {"circuit", each.circuit},
                    {"model", each.model},
                    {"incompleteness", each.incompleteness()}});
  return rows;
}

Json minimality(const AnalysisRecord& record) {
  Json rows = Json::array();
  for (const MinimalityRecord& each : record.minimality) {
    Json row = component(each.component, record.position_names);
    row.update({{"removed", components(each.removed, record.position_names)},
                {"with", each.with},
                {"without", each.without},
                {"minimality", each.score()}});
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::string knockouts_json(const std::vector<AnalysedRun>& runs) {
  return runs_json(runs, [](const AnalysedRun& run, Json& json) {
    Json& rows = json["knockouts"] = Json::array();
    for (const KnockoutRecord& each : run.record.knockouts) {
      Json row = component(each.component, run.record.position_names);
      row.update({{"without", each.without}, {"alone", each.alone}});
      rows.push_back(std::move(row));
    }
  });
}

std::string faithfulness_json(const std::vector<AnalysedRun>& runs) {
  return runs_json(runs, [](const AnalysedRun& run, Json& json) {
    const AnalysisRecord& record = run.record;
    json["score_percent"] = record.percent(record.circuit);
    json["normalised"] = record.normalised(record.circuit);
    json["completeness"] = completeness(record);
    json["minimality"] = minimality(record);
  });
}

std::string curves_json(const std::vector<AnalysedRun>& runs) {
  return runs_json(runs, [](const AnalysedRun& run, Json& json) {
    Json& sizes = json["sizes"] = Json::array();
    for (const SizeRecord& each : run.record.sizes)
      sizes.push_back({{"fraction", each.fraction},
                       {"kept", each.kept},
                       {"mean", each.mean},
                       {"normalised", run.record.normalised(each.mean)}});
    json["cpr"] = run.cpr;
    json["cmd"] = run.cmd;
    Json& search = json["search"] = Json::array();
    for (const CurvePoint& each : run.search)
      search.push_back(Json::array({each.left, each.score_percent}));
  });
}

std::string to_json(const ComparisonRecord& comparison, const CircuitGroup* group) {
  Json json = {{"identity", named_values(comparison.identity)},
               {"provenance", named_values(comparison.provenance)},
               {"circuits", comparison.circuits},
               {"families", comparison.families},
               {"full", comparison.full},
               {"nothing", comparison.empty},
               {"means", comparison.means}};
  Json& scores = json["score_percent"] = Json::array();
  for (std::size_t circuit = 0; circuit < comparison.circuits.size(); ++circuit) {
    Json& row = scores.emplace_back(Json::array());
    for (std::size_t family = 0; family < comparison.families.size(); ++family)
      row.push_back(comparison.percent(circuit, family));
  }
  json["overlaps"] = Json::array();
  json["kept_by"] = Json::array();
  if (group == nullptr) return written(json);
  for (const auto& overlaps : group->overlaps) {
    Json& row = json["overlaps"].emplace_back(Json::array());
    for (const Overlap& each : overlaps)
      row.push_back(
          {{"shared", each.shared}, {"united", each.united}, {"jaccard", each.jaccard()}});
  }
  for (const auto& [kept, runs] : group->kept_by) {
    Json row = component(kept, {});
    row["runs"] = runs;
    json["kept_by"].push_back(std::move(row));
  }
  return written(json);
}

}  // namespace headsweep
