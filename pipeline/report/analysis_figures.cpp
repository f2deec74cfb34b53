#include "pipeline/report/analysis_figures.h"

#include <algorithm>
#include <numeric>

#include "pipeline/analyses/sizes.h"

namespace headsweep {
namespace {

/// Numbers of the records, the one with the smallest key first; equal ones in order.
template <class Record, class Key>
std::vector<std::size_t> in_order(const std::vector<Record>& records, Key key) {
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return key(records[i]); });
  return order;
}

}  // namespace

AnalysisFigures analysis_figures_of(const AnalysisRecord& record) {
  AnalysisFigures figures;
  // Percent, since that is what is shown: a negative full mean turns the order around.
  figures.strongest = in_order(
      record.knockouts, [&](const KnockoutRecord& each) { return record.percent(each.without); });
  figures.weakest =
      in_order(record.minimality, [](const MinimalityRecord& each) { return each.score(); });
  const auto subsets = in_order(
      record.completeness, [](const CompletenessRecord& each) { return -each.incompleteness(); });
  if (!subsets.empty()) figures.worst = subsets.front();
  const Areas areas = areas_of(record);
  figures.cpr = areas.cpr;
  figures.cmd = areas.cmd;
  return figures;
}

}  // namespace headsweep
