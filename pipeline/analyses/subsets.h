// Subsets of a circuit: at random, and the worst ones that a greedy search finds.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "pipeline/analyses/scorer.h"
#include "pipeline/analyses/subject.h"
#include "pipeline/random_bits.h"

namespace headsweep {

/// Each component of `all` with probability one half. No subset is empty, and no two are equal;
/// fewer than `wanted` where there are not so many. The same for the same seed.
std::vector<Subset> random_subsets(const Subset& all, int wanted, std::uint64_t seed);

/// Two circuits; their means are compared.
struct Contrast {
  Circuit first, second;
};

/// A greedy search for the subset K for which the means of two circuits differ most.
struct Climb {
  Subset from;  // what K may have
  std::function<Contrast(const Subset& removed)> contrast;
  RandomNumbers numbers;  // that draw candidates
};

/// The worst subset that a climb has found, and the two means there.
struct Summit {
  Subset removed;
  double first = 0, second = 0;

  double difference() const;
};

/// Each climb begins with the empty subset. In each iteration it draws `candidates` components that
/// are not in K yet, and takes the one with which the difference is largest (the first in order, of
/// equal ones), if that is larger than the one before. Climbs go in step, so that ranks have much
/// to share. Source: easy_transformer/completeness.py of the IOI paper.
std::vector<Summit> climb(Scorer& scorer, int family, std::vector<Climb> climbs, int iterations,
                          int candidates);

}  // namespace headsweep
