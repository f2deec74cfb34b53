#include "pipeline/analyses/transfer.h"

#include <limits>

namespace headsweep {
namespace {

Circuit nothing_of(const Circuit& like) {
  return {like.layers(), like.heads(), Circuit::Start::nothing, 1, like.components()};
}

}  // namespace

bool means_something(const ComparedCircuit& circuit, const ComparedFamily& family) {
  const Circuit& shape = circuit.subject.nothing;
  if (shape.components() != family.ablation.components) return false;
  const bool by_position =
      !circuit.subject.all.empty() && circuit.subject.all.back().position != every_position;
  return !by_position || (family.ablation.positions != Positions::all &&
                          circuit.position_names == family.position_names);
}

ComparisonRecord compare_circuits(Scorer& scorer, const std::vector<ComparedCircuit>& circuits,
                                  const std::vector<ComparedFamily>& families) {
  // All at once, a family's together: each is made ready once.
  std::vector<Question> questions;
  for (const ComparedFamily& family : families)
    for (const ComparedCircuit& circuit : circuits)
      if (means_something(circuit, family)) {
        questions.push_back({family.family, nothing_of(circuit.subject.nothing)});
        questions.push_back({family.family, circuit.subject.circuit()});
      }
  const std::vector<double> means = scorer.means(questions);
  ComparisonRecord record;
  for (const ComparedCircuit& circuit : circuits) record.circuits.push_back(circuit.run);
  record.means.assign(circuits.size(), {});
  auto next = means.begin();
  for (const ComparedFamily& family : families) {
    record.families.push_back(family.name);
    record.full.push_back(scorer.full_mean(family.family));
    record.empty.push_back(std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < circuits.size(); ++i) {
      double& mean = record.means[i].emplace_back(std::numeric_limits<double>::quiet_NaN());
      if (!means_something(circuits[i], family)) continue;
      record.empty.back() = *next++;
      mean = *next++;
    }
  }
  return record;
}

}  // namespace headsweep
