#include "kernels/cpu/onednn_backend.h"

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.h>

#include "kernels/cpu/backend_with.h"
#include "kernels/cpu/onednn_product.h"

namespace headsweep::cpu {

bool has_onednn() { return true; }

std::string onednn_version() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

std::unique_ptr<Backend> make_onednn_backend(int threads, Rung rung) {
  return std::make_unique<BackendWith<OneDnnProducts>>(threads, rung);
}

}  // namespace headsweep::cpu
