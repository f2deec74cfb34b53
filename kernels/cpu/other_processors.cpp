// For processors that are no x86-64: the own products cannot be used, and are never called.
#include <cstdlib>

#include <sys/utsname.h>

#include "kernels/cpu/bf16_panel_product.h"
#include "kernels/cpu/panel_product.h"
#include "kernels/cpu/processor.h"
#include "kernels/cpu/register_loops.h"

namespace headsweep::cpu {
namespace {

typedef float Floats [[gnu::vector_size(16)]];
typedef double Doubles [[gnu::vector_size(16)]];

double float32_loop(std::int64_t steps) { return multiply_and_add<Floats, 12>(steps); }
double float64_loop(std::int64_t steps) { return multiply_and_add<Doubles, 12>(steps); }

}  // namespace

std::string processor_level() {
  utsname name = {};
  return uname(&name) == 0 ? name.machine : "unknown";
}

bool has_avx512_bf16() { return false; }
bool has_amx_bf16() { return false; }

RegisterLoops register_loops() { return {float32_loop, float64_loop}; }

bool panels_usable() { return false; }
void multiply_panels(TypedMatrix<float>, const PanelWeight<float>&, Epilogue, std::int64_t,
                     std::int64_t, TypedMatrix<float>) {
  std::abort();
}
void multiply_panels(TypedMatrix<double>, const PanelWeight<double>&, Epilogue, std::int64_t,
                     std::int64_t, TypedMatrix<double>) {
  std::abort();
}

bool bf16_panels_usable() { return false; }
void pack_bf16_panels(const float*, std::int64_t, std::int64_t, Bf16Pair*, Bf16Pair*) {
  std::abort();
}
void split_row(const float*, std::int64_t, Bf16Parts, Bf16Pair*) { std::abort(); }
void multiply_bf16_panels(Bf16Rows, const Bf16PanelWeight&, Epilogue, std::int64_t, std::int64_t,
                          float*, std::int64_t) {
  std::abort();
}

}  // namespace headsweep::cpu
