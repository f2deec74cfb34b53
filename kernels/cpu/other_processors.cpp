// For processors that are no x86-64: panels_usable() says no, and the rest of the panel product is
// never called.
#include <cstdlib>

#include <sys/utsname.h>

#include "kernels/cpu/panel_product.h"
#include "kernels/cpu/processor.h"

namespace headsweep::cpu {

std::string processor_level() {
  utsname name = {};
  return uname(&name) == 0 ? name.machine : "unknown";
}

bool panels_usable() { return false; }
void pack_panels(const float*, std::int64_t, std::int64_t, float*) { std::abort(); }
void multiply_panels(Matrix, const PanelWeight&, Epilogue, std::int64_t, std::int64_t, Matrix) {
  std::abort();
}

}  // namespace headsweep::cpu
