// Every circuit on every family.
#pragma once

#include <string>
#include <vector>

#include "io/analysis_record.h"
#include "model/ablation.h"
#include "pipeline/analyses/scorer.h"
#include "pipeline/analyses/subject.h"

namespace headsweep {

/// What a mean logit difference depends on besides the circuit.
struct ComparedFamily {
  int family = 0;  // its number in the work order
  std::string name;
  AblationRule ablation;
  std::vector<std::string> position_names;
};

struct ComparedCircuit {
  std::string run;
  Subject subject;
  std::vector<std::string> position_names;
};

/// Whether the circuit says of everything that takes part there whether it is kept: the same
/// components take part, and positions that it tells apart are named there.
bool means_something(const ComparedCircuit& circuit, const ComparedFamily& family);

/// Identity and provenance are left empty.
ComparisonRecord compare_circuits(Scorer& scorer, const std::vector<ComparedCircuit>& circuits,
                                  const std::vector<ComparedFamily>& families);

}  // namespace headsweep
