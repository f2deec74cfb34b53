// The backend for processors: packed matrix products, OpenMP threads for the rest.
#pragma once

#include <memory>

#include "kernels/backend.h"
#include "kernels/cpu/matmul.h"

namespace headsweep::cpu {

/// `threads` 0: as many as OpenMP would take (OMP_NUM_THREADS, or the cores that the process may
/// use).
std::unique_ptr<Backend> make_backend(int threads, ProductKind products = fastest_products());

}  // namespace headsweep::cpu
