#include "pipeline/selection_frequency.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "io/run_components.h"

namespace headsweep {

std::vector<SelectionFrequency> often_kept(const std::vector<const RunRecord*>& runs) {
  std::map<RunComponent, int> counts;
  for (const RunRecord* run : runs)
    for (const RunComponent each : without_positions(kept_components(*run))) ++counts[each];
  std::vector<SelectionFrequency> often;
  for (const auto& [component, kept] : counts)
    if (2 * kept >= static_cast<int>(runs.size()))
      often.push_back({component.layer, component.head, kept});
  std::ranges::sort(often, [](const SelectionFrequency& a, const SelectionFrequency& b) {
    return a.kept != b.kept     ? a.kept > b.kept
           : a.layer != b.layer ? a.layer > b.layer
                                : a.head < b.head;
  });
  return often;
}

std::string selection_table(const std::string& name, const std::vector<const RunRecord*>& runs) {
  const std::vector<SelectionFrequency> often = often_kept(runs);
  std::string text = fmt::format("{}: {} components are kept in at least half of {} resamples\n",
                                 name, often.size(), runs.size());
  if (often.empty()) return text;
  text += fmt::format("{:>5} {:>5}  {}\n", "layer", "head", "kept in");
  for (const SelectionFrequency& each : often)
    text += fmt::format("{:>5} {:>5}  {:>7}  {:>3.0f} %\n", each.layer,
                        each.head == no_head ? "mlp" : std::to_string(each.head), each.kept,
                        100.0 * each.kept / static_cast<double>(runs.size()));
  return text;
}

}  // namespace headsweep
