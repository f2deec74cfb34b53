#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "pipeline/picture.h"

namespace headsweep {
namespace {

/// Of a component's decisions the last counts. Of a head tried at single positions: '#' kept at
/// all, '+' at some.
class Marks {
 public:
  explicit Marks(const RunRecord& record) {
    for (const DecisionRecord& decision : record.decisions)
      removed_[{decision.layer, decision.head}][decision.position] = decision.removed;
  }

  char of(int layer, int head) const {
    const auto found = removed_.find({layer, head});
    if (found == removed_.end()) return '?';
    const auto& positions = found->second;
    const auto removed = std::ranges::count_if(positions, [](const auto& p) { return p.second; });
    return removed == 0 ? '#' : std::cmp_equal(removed, positions.size()) ? '.' : '+';
  }

 private:
  std::map<std::pair<int, int>, std::map<int, bool>> removed_;  // (layer, head), position
};

}  // namespace

std::string circuit_picture(const RunRecord& record) {
  const Marks marks(record);
  const bool with_mlps = mlps_take_part(record.components);
  std::string text = heads_take_part(record.components) ? "layer  head" : "layer      ";
  if (heads_take_part(record.components))
    for (int head = 0; head < record.heads; ++head) text += fmt::format(" {:>2}", head);
  text += with_mlps ? "  mlp\n" : "\n";
  for (int layer = record.layers - 1; layer >= 0; --layer) {
    text += fmt::format("{:>5}      ", layer);
    if (heads_take_part(record.components))
      for (int head = 0; head < record.heads; ++head)
        text += fmt::format("  {}", marks.of(layer, head));
    if (with_mlps) text += fmt::format("    {}", marks.of(layer, no_head));
    text += '\n';
  }
  return text;
}

}  // namespace headsweep
