#include "pipeline/search_step.h"

namespace headsweep {

void apply(const SearchStep& step, GreedySearch& search) {
  if (step.kind == SearchStep::Kind::decision) {
    search.tell(step.scores.front().score_percent);
    return;
  }
  std::vector<double> scores;
  for (const UsedScore& each : step.scores) scores.push_back(each.score_percent);
  search.rank(scores);
}

GreedySearch search_after(const SearchRule& rule, std::span<const SearchStep> steps) {
  GreedySearch search(rule);
  for (const SearchStep& step : steps) apply(step, search);
  return search;
}

}  // namespace headsweep
