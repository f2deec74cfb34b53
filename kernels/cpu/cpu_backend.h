// The backend for processors: packed matrix products, OpenMP threads for the rest.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/rung.h"

namespace headsweep::cpu {

/// Who multiplies matrices.
enum class ProductKind {
  panels,    // the own products, where the processor can run them
  onednn,    // in bfloat16, where the program has them
  portable,  // float32 and float64 in plain C++
};

/// The kinds that this processor can run in a precision, the fastest first; none: it has not got
/// the precision.
std::vector<ProductKind> product_kinds(Rung rung);

/// The precisions that this processor has, from the cheapest on.
std::vector<Rung> available_rungs();

/// `threads` 0: as many as OpenMP would take (OMP_NUM_THREADS, or the cores that the process may
/// use).
std::unique_ptr<Backend> make_backend(int threads, Rung rung);
/// With products of one of product_kinds(rung).
std::unique_ptr<Backend> make_backend(int threads, Rung rung, ProductKind products);

/// The month of the specification that is kept: "201511", which is OpenMP 4.5.
std::string openmp_version();

}  // namespace headsweep::cpu
