// What every rank has to say, brought to all of them.
#pragma once

#include <cstddef>
#include <vector>

#include "pipeline/ranks/ranks.h"

namespace headsweep {

/// Bytes of every rank, by rank. All ranks together, while no other messages are under way.
/// MachineError if a rank has not spoken for `patience_seconds`.
std::vector<std::vector<std::byte>> gather(Ranks& ranks, std::vector<std::byte> mine,
                                           double patience_seconds);

}  // namespace headsweep
