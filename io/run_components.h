// The components that a run tried and kept, heads and MLPs alike. What makes reports and exports of
// a run sees its decisions through here.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "io/run_record.h"

namespace headsweep {

struct RunComponent {
  static constexpr int mlp = -1;  // in the place of a head's number: the layer's MLP

  int layer = 0, head = 0;

  bool is_mlp() const { return head == mlp; }
  auto operator<=>(const RunComponent&) const = default;
};

/// "9.1", "mlp 3".
std::string label_of(RunComponent component);

RunComponent component_of(const DecisionRecord& decision);

/// Whether MLPs take part in the run's search. Where they do not, all of them are always kept, and
/// nothing speaks of them.
bool tries_mlps(const RunRecord& record);

/// How many take part in the search.
int components_of(const RunRecord& record);

/// Those that take part in the search and that no decision has removed, in order.
std::vector<RunComponent> kept_components(const RunRecord& record);

}  // namespace headsweep
