// Which keys a query may see.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/matrix.h"

namespace headsweep::cuda {

/// Minus infinity where the key (column) is behind the query's position. `scores` has a row for
/// each of `queries` neighbouring positions from `first_position` on, once for each head. Puts its
/// work on the stream and returns.
template <class T>
void hide_later_keys(cudaStream_t stream, Matrix scores, std::int64_t queries,
                     std::int64_t first_position);

}  // namespace headsweep::cuda
