// The backend for processors: oneDNN for matrix products, OpenMP threads for the rest.
#pragma once

#include <memory>

#include "kernels/backend.h"

namespace headsweep::cpu {

/// `threads` 0: as many as OpenMP would take (OMP_NUM_THREADS, or the cores that the process may use).
std::unique_ptr<Backend> make_backend(int threads);

}  // namespace headsweep::cpu
