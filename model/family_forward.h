// Runs circuits on all of a family's prompts: at once where the memory allows it, else in parts,
// one after the other. Parts have nothing but fills in common, and a part's buffers go before the
// next one's come; so a circuit is computed from its first layer on in each of them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "model/circuit_forward.h"

namespace headsweep {

class FamilyForward {
 public:
  FamilyForward(const Model& model, const PromptBatch& clean, const PromptBatch& corrupted,
                const AblationRule& rule, const AtOnce& at_once);

  /// So many circuits are run side by side.
  int most_circuits() const { return at_once_.circuits; }
  int parts() const { return whole_ ? 1 : static_cast<int>(parts_.size()); }

  /// As of CircuitForward; of any number of circuits. The numbers have the same bits in any number
  /// of parts.
  std::vector<double> run_full_model();
  std::vector<std::vector<double>> run(std::span<const Circuit> circuits);

 private:
  struct Part {
    PromptBatch clean, partners;  // partners: of the clean ones, for resample ablation
    int first_row = 0;            // of the family's clean rows
  };
  FamilyPart part_of_family(const Part& part) const;
  CircuitForward open(const Part& part) const;
  std::vector<std::vector<double>> run(CircuitForward& forward, std::span<const Circuit> circuits);

  const Model& model_;
  AblationRule rule_;
  AtOnce at_once_;
  std::unique_ptr<CircuitForward> whole_;  // at once; else:
  FamilyPart family_;
  std::vector<Part> parts_;
};

}  // namespace headsweep
