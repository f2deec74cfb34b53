#include <cstdlib>

#include "kernels/cpu/library_products.h"

namespace headsweep::cpu {

std::optional<ProductKind> library_products(Rung) { return std::nullopt; }

std::unique_ptr<Backend> make_library_backend(int, Rung) { std::abort(); }

}  // namespace headsweep::cpu
