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
void multiply_panels(TypedMatrix<float>, const PanelWeight<float>&, Epilogue, std::int64_t,
                     std::int64_t, TypedMatrix<float>) {
  std::abort();
}
void multiply_panels(TypedMatrix<double>, const PanelWeight<double>&, Epilogue, std::int64_t,
                     std::int64_t, TypedMatrix<double>) {
  std::abort();
}

}  // namespace headsweep::cpu
