#include "kernels/cpu/matmul.h"

#include <algorithm>
#include <cassert>

#include <omp.h>

#include "kernels/cpu/memory.h"
#include "kernels/cpu/panel_product.h"

namespace headsweep::cpu {
namespace {

struct PackedPanels {
  std::shared_ptr<void> panels, bias;
};

Weight pack_weight(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                   std::span<const float> bias) {
  constexpr auto float_bytes = static_cast<std::int64_t>(sizeof(float));
  const std::int64_t columns = panel_count(outputs) * panel_columns,
                     bytes = inputs * columns * float_bytes;
  auto packed = std::make_shared<PackedPanels>();
  packed->panels = allocate_aligned(bytes);
  pack_panels(weight.data(), inputs, outputs, static_cast<float*>(packed->panels.get()));
  packed->bias = allocate_aligned(columns * float_bytes);
  auto* const padded_bias = static_cast<float*>(packed->bias.get());
  std::fill_n(padded_bias, columns, 0.0f);
  std::copy(bias.begin(), bias.end(), padded_bias);
  return {packed, inputs, outputs, bytes};
}

void multiply_in_parallel(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  const auto& packed = *static_cast<const PackedPanels*>(weight.packed.get());
  const PanelWeight panels{static_cast<const float*>(packed.panels.get()),
                           static_cast<const float*>(packed.bias.get()), weight.inputs,
                           weight.outputs};
  const std::int64_t count = panel_count(weight.outputs);
#pragma omp parallel
  {
    const std::int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
    multiply_panels(in, panels, epilogue, count * thread / threads, count * (thread + 1) / threads,
                    out);
  }
}

}  // namespace

ProductKind fastest_products() {
  return panels_usable() ? ProductKind::panels : ProductKind::onednn;
}

Weight MatrixProducts::pack(std::span<const float> weight, std::int64_t inputs,
                            std::int64_t outputs, std::span<const float> bias) {
  assert(static_cast<std::int64_t>(weight.size()) == inputs * outputs);
  return kind_ == ProductKind::panels ? pack_weight(weight, inputs, outputs, bias)
                                      : onednn_.pack(weight, inputs, outputs, bias);
}

void MatrixProducts::multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  if (kind_ == ProductKind::panels) {
    multiply_in_parallel(in, weight, epilogue, out);
  } else {
    onednn_.multiply(in, weight, epilogue, out);
  }
}

std::string MatrixProducts::description() const {
  return kind_ == ProductKind::panels ? "AVX-512 panel products" : OneDnnProducts::description();
}

}  // namespace headsweep::cpu
