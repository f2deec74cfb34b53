// The products of foreign libraries: oneDNN's and OpenBLAS's, or none of them (the bundle's
// programs, for which both would be too large). A program is linked with one of the two.
#pragma once

#include <memory>
#include <optional>

#include "kernels/backend.h"
#include "kernels/cpu/cpu_backend.h"
#include "kernels/rung.h"

namespace headsweep::cpu {

/// The library that multiplies in a precision, whatever the processor.
std::optional<ProductKind> library_products(Rung rung);

/// Only where library_products() names one.
std::unique_ptr<Backend> make_library_backend(int threads, Rung rung);

}  // namespace headsweep::cpu
