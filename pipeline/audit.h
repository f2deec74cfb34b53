// Which decisions are held against exact scores.
#pragma once

#include <span>
#include <vector>

namespace headsweep {

/// A decision that may be audited.
struct AuditCandidate {
  double score_percent = 0, margin = 0;
  bool removed = false;
  bool exact = false;  // it was made on the top rung
};

/// The numbers of `percent` of the decisions, but at least four, of every fragile one
/// (io/run_record.h), and of the last removal, whose score is that of the circuit; ascending;
/// without exact ones. The sample looks random, and is the same for the same scores.
std::vector<int> choose_for_audit(std::span<const AuditCandidate> decisions, double percent);

}  // namespace headsweep
