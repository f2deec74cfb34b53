// A run's circuit as analyses take it apart.
#pragma once

#include <vector>

#include "io/run_components.h"
#include "model/circuit.h"

namespace headsweep {

/// Components, in order.
using Subset = std::vector<RunComponent>;

Subset with(Subset subset, RunComponent component);
Subset without(const Subset& all, const Subset& removed);

struct Subject {
  int family = 0;              // its number in the work order
  Subset all, kept;            // that take part in the search; of these, the circuit's
  std::vector<double> losses;  // what the search lost without each of `all`, percentage points
  Circuit nothing;             // none of those that take part

  Circuit keeping(const Subset& subset) const;
  Circuit everything() const { return keeping(all); }
  Circuit circuit() const { return keeping(kept); }
  Circuit circuit_without(const Subset& removed) const { return keeping(without(kept, removed)); }
  Circuit everything_without(const Subset& removed) const { return keeping(without(all, removed)); }
};

Subject subject_of(const RunRecord& run, int family);

}  // namespace headsweep
