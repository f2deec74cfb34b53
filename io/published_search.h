// What somebody has published of a search: its decisions, as a CSV file in one of the forms in
// which searches were; or only its circuit.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/run_components.h"

namespace headsweep {

struct PublishedDecision {
  RunComponent component;
  double score_percent = 0;  // of the circuit without it
  bool removed = false;
  std::string where;  // "add2.csv:17"
};

struct PublishedSearch {
  enum class Extent {
    decisions,  // all, in their order; or as many as were published
    removals,   // those that removed something, in their order
    circuit     // what was kept in the end, without scores
  };
  Extent extent = Extent::decisions;
  std::vector<PublishedDecision> decisions;  // none of a circuit
  std::vector<RunComponent> kept;            // of a circuit
};

/// JSON: a circuit (io/circuit_file.h). Else one decision in a line, by the columns
///   layer, head, score_pct, removed        (0 or 1)
///   component, score_pct, removed          ("h 11 0", "mlp 11")
///   layer, head, score_pct_after_removal   (accepted removals only)
/// Other columns are ignored. UserError (file, line) for a missing column or a value of the wrong
/// form, and if there is no decision.
PublishedSearch read_published_search(const std::filesystem::path& path);

}  // namespace headsweep
