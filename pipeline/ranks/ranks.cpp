#include "pipeline/ranks/ranks.h"

#include <fmt/format.h>

namespace headsweep {

std::string Ranks::name_of(int rank) const {
  return fmt::format("rank {} on host {}", rank, places()[static_cast<std::size_t>(rank)].host);
}

}  // namespace headsweep
