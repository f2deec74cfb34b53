#include "pipeline/analyses/subject.h"

#include <algorithm>
#include <iterator>

#include "pipeline/recorded_run.h"
#include "pipeline/recorded_steps.h"

namespace headsweep {

Subset with(Subset subset, RunComponent component) {
  subset.insert(std::ranges::upper_bound(subset, component), component);
  return subset;
}

Subset without(const Subset& all, const Subset& removed) {
  Subset left;
  std::ranges::set_difference(all, removed, std::back_inserter(left));
  return left;
}

Circuit Subject::keeping(const Subset& subset) const {
  Circuit circuit = nothing;
  for (const RunComponent each : subset) circuit.keep(component_of(each));
  return circuit;
}

Subject subject_of(const RunRecord& run, int family) {
  const Circuit everything = search_rule_of(run).everything();
  Subject subject{family,
                  all_components(run),
                  kept_components(run),
                  {},
                  Circuit(run.layers, run.heads, Circuit::Start::nothing, everything.positions(),
                          run.components)};
  const auto losses = headsweep::losses(run);
  for (const RunComponent each : subject.all) {
    const auto loss = losses.find(each);
    subject.losses.push_back(loss == losses.end() ? 0 : loss->second);
  }
  return subject;
}

}  // namespace headsweep
