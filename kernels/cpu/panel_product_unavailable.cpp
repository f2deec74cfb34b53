// For processors that are no x86-64: panels_usable() says no, and the rest is never called.
#include <cstdlib>

#include "kernels/cpu/panel_product.h"

namespace headsweep::cpu {

bool panels_usable() { return false; }
void pack_panels(const float*, std::int64_t, std::int64_t, float*) { std::abort(); }
void multiply_panels(Matrix, const PanelWeight&, Epilogue, std::int64_t, std::int64_t, Matrix) { std::abort(); }

}  // namespace headsweep::cpu
