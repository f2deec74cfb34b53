// What a search has done so far: steps, each with the scores that settled it and where those come
// from. A search is made again from its steps.
#pragma once

#include <compare>
#include <span>
#include <vector>

#include "model/circuit.h"
#include "pipeline/search.h"

namespace headsweep {

/// A circuit, and the rung of the ladder on which it is scored.
struct Trial {
  Circuit circuit;
  int rung = 0;

  auto operator<=>(const Trial&) const = default;
  void visit(auto& archive) { archive(circuit, rung); }
};

/// A score that the search has used, and where it comes from.
struct UsedScore {
  double score_percent = 0;
  std::vector<double> per_prompt = {};  // logit differences
  int wave = 0, rank = 0;
  int rung = 0;
  double guard = 0;  // of the rung when the score was used, percentage points

  void visit(auto& archive) { archive(score_percent, per_prompt, wave, rank, rung, guard); }
};

/// A decision (one score), or the ranking of a layer (one for each of its heads).
struct SearchStep {
  enum class Kind { decision, ranking };
  Kind kind = Kind::decision;
  std::vector<UsedScore> scores;

  void visit(auto& archive) { archive(kind, scores); }
};

/// Applies a step to the search that it is the next of.
void apply(const SearchStep& step, GreedySearch& search);
/// The search that has taken these steps.
GreedySearch search_after(const SearchRule& rule, std::span<const SearchStep> steps);

}  // namespace headsweep
