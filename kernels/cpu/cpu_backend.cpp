#include "kernels/cpu/cpu_backend.h"

#include <algorithm>
#include <cassert>

#include "kernels/cpu/backend_with.h"
#include "kernels/cpu/bf16_products.h"
#include "kernels/cpu/onednn_backend.h"
#include "kernels/cpu/own_products.h"
#include "kernels/cpu/panel_product.h"
#include "kernels/cpu/portable_products.h"
#include "kernels/cpu/processor.h"

namespace headsweep::cpu {
namespace {

bool is_bf16(Rung rung) { return rung == Rung::bf16 || rung == Rung::bf16x3; }

std::unique_ptr<Backend> make_panel_backend(int threads, Rung rung) {
  if (is_bf16(rung)) return std::make_unique<BackendWith<Bf16PanelProducts>>(threads, rung);
  if (rung == Rung::fp32) return std::make_unique<BackendWith<OwnProducts<float>>>(threads);
  return std::make_unique<BackendWith<OwnProducts<double>>>(threads);
}

std::unique_ptr<Backend> make_portable_backend(int threads, Rung rung) {
  if (rung == Rung::fp32) return std::make_unique<BackendWith<PortableProducts<float>>>(threads);
  return std::make_unique<BackendWith<PortableProducts<double>>>(threads);
}

}  // namespace

// The one place that knows which products there are in which precision.

std::vector<ProductKind> product_kinds(Rung rung) {
  std::vector<ProductKind> kinds;
  if (is_bf16(rung)) {
    // Without instructions for bfloat16 these rungs would save nothing over fp32.
    if (has_onednn() && has_amx_bf16()) kinds.push_back(ProductKind::onednn);
    if (bf16_panels_usable()) kinds.push_back(ProductKind::panels);
    if (has_onednn() && bf16_panels_usable() && !has_amx_bf16())
      kinds.push_back(ProductKind::onednn);
    return kinds;
  }
  if (panels_usable()) kinds.push_back(ProductKind::panels);
  kinds.push_back(ProductKind::portable);
  return kinds;
}

std::unique_ptr<Backend> make_backend(int threads, Rung rung, ProductKind products) {
  assert(std::ranges::count(product_kinds(rung), products) == 1);
  switch (products) {
    case ProductKind::panels:
      return make_panel_backend(threads, rung);
    case ProductKind::portable:
      return make_portable_backend(threads, rung);
    case ProductKind::onednn:
      break;
  }
  return make_onednn_backend(threads, rung);
}

std::vector<Rung> available_rungs() {
  std::vector<Rung> rungs;
  for (const Rung rung : {Rung::bf16, Rung::bf16x3, Rung::fp32, Rung::fp64})
    if (!product_kinds(rung).empty()) rungs.push_back(rung);
  return rungs;
}

std::unique_ptr<Backend> make_backend(int threads, Rung rung) {
  return make_backend(threads, rung, product_kinds(rung).front());
}

std::string openmp_version() { return std::to_string(_OPENMP); }

}  // namespace headsweep::cpu
