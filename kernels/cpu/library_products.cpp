#include "kernels/cpu/library_products.h"

#include "kernels/cpu/backend_with.h"
#include "kernels/cpu/blas_product.h"
#include "kernels/cpu/onednn_product.h"

namespace headsweep::cpu {

std::optional<ProductKind> library_products(Rung rung) {
  return rung == Rung::fp64 ? ProductKind::blas : ProductKind::onednn;
}

std::unique_ptr<Backend> make_library_backend(int threads, Rung rung) {
  if (rung == Rung::fp64) return std::make_unique<BackendWith<BlasProducts>>(threads);
  return std::make_unique<BackendWith<OneDnnProducts>>(threads, rung);
}

}  // namespace headsweep::cpu
