#include "pipeline/search.h"

#include <cassert>
#include <utility>

namespace headsweep {

std::vector<Head> backward_order(int layers, int heads) {
  std::vector<Head> order;
  for (int layer = layers - 1; layer >= 0; --layer)
    for (int head = 0; head < heads; ++head) order.push_back({layer, head});
  return order;
}

GreedySearch::GreedySearch(Circuit start, std::vector<Head> order, double threshold_percent)
    : kept_(std::move(start)), order_(std::move(order)), threshold_percent_(threshold_percent) {}

Circuit GreedySearch::wanted() const {
  assert(!finished());
  Circuit trial = kept_;
  trial.remove(next_head().layer, next_head().head);
  return trial;
}

const Decision& GreedySearch::tell(double score_percent) {
  const double lost = 100 - score_percent;
  const bool removed = lost < threshold_percent_;
  const Decision decision{next_head(), score_percent, lost - threshold_percent_, removed};
  if (removed) {
    kept_ = wanted();
    score_percent_ = score_percent;
  }
  decisions_.push_back(decision);
  return decisions_.back();
}

}  // namespace headsweep
