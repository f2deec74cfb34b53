#include <cmath>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "io/report_page_json.h"

namespace headsweep::page {
namespace {

/// Numbers of the members: subsets are said by these.
class Members {
 public:
  explicit Members(const AnalysisRecord& record) {
    for (const auto& each : record.completeness) add(each.removed);
    for (const auto& each : record.minimality) add(each.removed);
  }

  Json list() const {
    std::vector<RunComponent> in_order(numbers_.size());
    for (const auto& [member, number] : numbers_) in_order[number] = member;
    Json list = Json::array();
    for (const RunComponent member : in_order) list.push_back(component(member));
    return list;
  }

  Json subset(const std::vector<RunComponent>& removed) const {
    Json numbers = Json::array();
    for (const RunComponent each : removed) numbers.push_back(numbers_.at(each));
    return numbers;
  }

 private:
  void add(const std::vector<RunComponent>& removed) {
    for (const RunComponent each : removed) numbers_.emplace(each, numbers_.size());
  }

  std::map<RunComponent, std::size_t> numbers_;
};

/// [layer, head, position, F without it, F of it alone]
Json knockouts(const AnalysisRecord& record) {
  Json rows = Json::array();
  for (const auto& [removed, without, alone] : record.knockouts)
    rows.push_back(Json::array(
        {removed.layer, removed.head, removed.position, rounded(without), rounded(alone)}));
  return rows;
}

/// [choice, F of the circuit, F of the full model, members]
Json completeness(const AnalysisRecord& record, const Members& members) {
  Json rows = Json::array();
  for (const CompletenessRecord& each : record.completeness)
    rows.push_back(Json::array({name_of(each.choice), rounded(each.circuit), rounded(each.model),
                                members.subset(each.removed)}));
  return rows;
}

/// [layer, head, position, F with it, F without it, members]
Json minimality(const AnalysisRecord& record, const Members& members) {
  Json rows = Json::array();
  for (const MinimalityRecord& each : record.minimality)
    rows.push_back(
        Json::array({each.component.layer, each.component.head, each.component.position,
                     rounded(each.with), rounded(each.without), members.subset(each.removed)}));
  return rows;
}

/// [fraction, kept, F]
Json sizes(const AnalysisRecord& record) {
  Json rows = Json::array();
  for (const auto& [fraction, kept, mean] : record.sizes)
    rows.push_back(Json::array({fraction, kept, rounded(mean)}));
  return rows;
}

/// null where it means nothing.
Json means(const std::vector<std::vector<double>>& circuits) {
  Json rows = Json::array();
  for (const auto& circuit : circuits) {
    Json row = Json::array();
    for (const double mean : circuit)
      row.push_back(std::isnan(mean) ? Json(nullptr) : Json(rounded(mean)));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

double rounded(double value) {
  constexpr int digits = 7;
  return std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr);
}

Json rounded(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(rounded(value));
  return list;
}

Json pairs(const NamedValues& values) {
  Json list = Json::array();
  for (const auto& [name, value] : values) list.push_back(Json::array({name, value}));
  return list;
}

Json component(RunComponent component) {
  return Json::array({component.layer, component.head, component.position});
}

Json analysis(const AnalysisRecord& record, const AnalysisFigures& figures) {
  const Members members(record);
  Json data = {{"full", rounded(record.full)},
               {"everything", rounded(record.everything)},
               {"circuit", rounded(record.circuit)},
               {"empty", rounded(record.empty)},
               {"members", members.list()},
               {"knockouts", knockouts(record)},
               {"completeness", completeness(record, members)},
               {"minimality", minimality(record, members)},
               {"sizes", sizes(record)},
               {"cpr", rounded(figures.cpr)},
               {"cmd", rounded(figures.cmd)},
               {"weakest", figures.weakest},
               {"identity", pairs(record.identity)},
               {"provenance", pairs(record.provenance)}};
  if (figures.worst) data["worst"] = *figures.worst;
  return data;
}

Json comparison(const FoundComparison& found) {
  Json data = {{"file", found.file.string()}, {"problem", found.problem}};
  if (!found.record) return data;
  data["circuits"] = found.record->circuits;
  data["families"] = found.record->families;
  data["full"] = rounded(found.record->full);
  data["empty"] = rounded(found.record->empty);
  data["means"] = means(found.record->means);
  data["identity"] = pairs(found.record->identity);
  return data;
}

Json resamples(const ResampleGroup& group) {
  Json kept_by = Json::array();
  for (const auto& [kept, resamples] : group.kept_by)
    kept_by.push_back(Json::array({kept.layer, kept.head, resamples}));
  Json data = {{"name", group.name},
               {"family", group.family},
               {"corruption", group.corruption},
               {"threshold", rounded(group.threshold)},
               {"finished", group.finished},
               {"unfinished", group.unfinished},
               {"kept_by", std::move(kept_by)},
               {"layers", group.layers},
               {"heads", group.heads},
               {"mlps", group.mlps},
               {"fewest", group.fewest},
               {"most", group.most},
               {"low", rounded(group.lowest_percent)},
               {"high", rounded(group.highest_percent)}};
  if (group.run) data["run"] = *group.run;
  return data;
}

}  // namespace headsweep::page
