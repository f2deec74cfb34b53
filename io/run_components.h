// The components that a run tried and kept, heads and MLPs alike. What makes reports and exports of
// a run sees its decisions through here.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "io/run_record.h"

namespace headsweep {

struct RunComponent {
  // As in DecisionRecord.
  static constexpr int mlp = no_head, every_position = headsweep::every_position;

  int layer = 0, head = 0;
  int position = every_position;  // index into RunRecord::position_names

  bool is_mlp() const { return head == mlp; }
  auto operator<=>(const RunComponent&) const = default;
};

RunComponent run_component_of(const DecisionRecord& decision);

/// "9.1", "mlp 3", "9.1 at S2".
std::string label_of(RunComponent component, const RunRecord& record);

// What takes part in the run's search. What does not is always kept, and nothing speaks of it.
bool tries_heads(const RunRecord& record);
bool tries_mlps(const RunRecord& record);
/// Each head at each position by itself.
bool tries_positions(const RunRecord& record);

/// All that take part, in order: a layer's MLP before its heads.
std::vector<RunComponent> all_components(const RunRecord& record);

/// How many take part.
int components_of(const RunRecord& record);

/// Those that take part and that no decision has removed, in order.
std::vector<RunComponent> kept_components(const RunRecord& record);

/// What the circuit lost without a component, at its last turn, in percentage points; never
/// negative. At least the threshold for what was kept, less for the rest.
std::map<RunComponent, double> losses(const RunRecord& record);

/// Each head once that is kept at one position or more.
std::vector<RunComponent> without_positions(std::vector<RunComponent> components);

}  // namespace headsweep
