#include "pipeline/analyses/sizes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace headsweep {

Subset best_first(const Subject& subject) {
  std::vector<std::size_t> order(subject.all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto kept = [&](std::size_t i) {
    return std::ranges::binary_search(subject.kept, subject.all[i]);
  };
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    if (subject.losses[a] != subject.losses[b]) return subject.losses[a] > subject.losses[b];
    return kept(a) && !kept(b);
  });
  Subset best;
  for (const std::size_t i : order) best.push_back(subject.all[i]);
  return best;
}

std::vector<SizeRecord> score_sizes(Scorer& scorer, const Subject& subject) {
  const Subset best = best_first(subject);
  std::vector<SizeRecord> sizes;
  std::vector<Circuit> circuits;
  for (const double fraction : size_fractions) {
    // Rounded down, as there.
    const int kept = static_cast<int>(fraction * static_cast<double>(best.size()));
    sizes.push_back({fraction, kept, 0});
    circuits.push_back(subject.keeping({best.begin(), best.begin() + kept}));
  }
  const std::vector<double> means = scorer.means(subject.family, circuits);
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i].mean = means[i];
  return sizes;
}

Areas areas_of(const AnalysisRecord& record) {
  Areas areas;
  for (std::size_t i = 1; i < record.sizes.size(); ++i) {
    const SizeRecord &left = record.sizes[i - 1], &right = record.sizes[i];
    const double width = right.fraction - left.fraction;
    const double a = record.normalised(left.mean), b = record.normalised(right.mean);
    areas.cpr += width * (a + b) / 2;
    areas.cmd += width * (std::abs(1 - a) + std::abs(1 - b)) / 2;
  }
  return areas;
}

}  // namespace headsweep
