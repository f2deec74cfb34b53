// Which circuits are worth scoring now: those that the search needs, and those that it will need if
// its next decisions fall as they probably do. Best first over the tree of assumed decisions,
// across the borders of layers, and of passes.
#pragma once

#include <functional>
#include <vector>

#include "pipeline/removal_odds.h"
#include "pipeline/search.h"

namespace headsweep {

struct Guess {
  Circuit circuit;
  double probability = 0;  // that the search will want it; 1: it does
  Component component;     // that `circuit` is to be tried without: `circuit` and it are the point
                           // in the search that was guessed
  int rung = 0;            // of the ladder, on which it will be wanted
};

/// What the search wants for its next step, and then the likeliest others until there are `most`;
/// without those that are known. Likeliest first.
std::vector<Guess> likely_circuits(const GreedySearch& search, const RemovalOdds& odds,
                                   std::size_t most,
                                   const std::function<bool(const Circuit&)>& known);

}  // namespace headsweep
