#include "pipeline/analyses/subsets.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace headsweep {
namespace {

/// How many subsets but the empty one there are, if that is not more than can be wanted.
std::size_t count_subsets(std::size_t members, std::size_t most) {
  constexpr std::size_t few = 30;  // members, with which the count fits into a number
  return members >= few ? most : std::min(most, (std::size_t{1} << members) - 1);
}

/// In order, so that equal differences are decided by it.
Subset draw(Subset from, int count, RandomNumbers& numbers) {
  numbers.shuffle(from);
  from.resize(std::min(from.size(), static_cast<std::size_t>(count)));
  std::ranges::sort(from);
  return from;
}

/// One climb on its way.
class Climber {
 public:
  explicit Climber(Climb climb) : climb_(std::move(climb)) {}

  /// The subsets that it looks at next.
  const std::vector<Subset>& look(int candidates) {
    next_.clear();
    for (const RunComponent each :
         draw(without(climb_.from, best_.removed), candidates, climb_.numbers))
      next_.push_back(with(best_.removed, each));
    return next_;
  }
  void add_circuits(const Subset& removed, std::vector<Circuit>& circuits) const {
    Contrast contrast = climb_.contrast(removed);
    circuits.push_back(std::move(contrast.first));
    circuits.push_back(std::move(contrast.second));
  }
  void begin(double first, double second) { best_ = {{}, first, second}; }
  /// `means`: two for each subset.
  void step(std::span<const double> means) {
    Summit highest = best_;
    for (std::size_t i = 0; i < next_.size(); ++i)
      if (const Summit there{next_[i], means[2 * i], means[2 * i + 1]};
          there.difference() > highest.difference())
        highest = there;
    best_ = std::move(highest);
  }

  const Summit& best() const { return best_; }

 private:
  Climb climb_;
  Summit best_;
  std::vector<Subset> next_;
};

}  // namespace

std::vector<Subset> random_subsets(const Subset& all, int wanted, std::uint64_t seed) {
  constexpr std::uint64_t stream = 1;
  RandomNumbers numbers{seed, stream};
  const std::size_t count = count_subsets(all.size(), static_cast<std::size_t>(wanted));
  std::set<Subset> seen;
  std::vector<Subset> subsets;
  while (subsets.size() < count) {
    Subset subset;
    for (const RunComponent each : all)
      if (numbers.below(2) == 1) subset.push_back(each);
    if (!subset.empty() && seen.insert(subset).second) subsets.push_back(std::move(subset));
  }
  return subsets;
}

double Summit::difference() const { return std::abs(first - second); }

std::vector<Summit> climb(Scorer& scorer, int family, std::vector<Climb> climbs, int iterations,
                          int candidates) {
  std::vector<Climber> climbers;
  for (Climb& each : climbs) climbers.emplace_back(std::move(each));
  std::vector<Circuit> circuits;
  for (const Climber& each : climbers) each.add_circuits({}, circuits);
  std::vector<double> means = scorer.means(family, circuits);
  for (std::size_t i = 0; i < climbers.size(); ++i)
    climbers[i].begin(means[2 * i], means[2 * i + 1]);
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::vector<std::size_t> ends;
    circuits.clear();
    for (Climber& climber : climbers) {
      for (const Subset& subset : climber.look(candidates)) climber.add_circuits(subset, circuits);
      ends.push_back(circuits.size());
    }
    means = scorer.means(family, circuits);
    std::size_t first = 0;
    for (std::size_t i = 0; i < climbers.size(); first = ends[i++])
      climbers[i].step(std::span(means).subspan(first, ends[i] - first));
  }
  std::vector<Summit> summits;
  for (const Climber& each : climbers) summits.push_back(each.best());
  return summits;
}

}  // namespace headsweep
