#include "kernels/cpu/matmul.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <omp.h>

#include "kernels/cpu/panel_product.h"

namespace headsweep::cpu {
namespace {

std::int64_t panel_floats(std::int64_t inputs, std::int64_t outputs) {
  return inputs * panel_count(outputs) * panel_columns;
}

/// The panels, then the bias, filled up with zeros like them. Both take multiples of 128 bytes.
std::int64_t panel_weight_bytes(std::int64_t inputs, std::int64_t outputs) {
  return panel_floats(inputs + 1, outputs) * static_cast<std::int64_t>(sizeof(float));
}

void pack_panel_weight(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                       std::span<const float> bias, float* panels) {
  pack_panels(weight.data(), inputs, outputs, panels);
  float* const padded_bias = panels + panel_floats(inputs, outputs);
  std::fill_n(padded_bias, panel_floats(1, outputs), 0.0f);
  std::copy(bias.begin(), bias.end(), padded_bias);
}

void multiply_in_parallel(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  const auto* const packed = static_cast<const float*>(weight.packed.get());
  const PanelWeight panels{packed, packed + panel_floats(weight.inputs, weight.outputs),
                           weight.inputs, weight.outputs};
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

std::int64_t MatrixProducts::packed_bytes(std::int64_t inputs, std::int64_t outputs) {
  return kind_ == ProductKind::panels ? panel_weight_bytes(inputs, outputs)
                                      : onednn_.packed_bytes(inputs, outputs);
}

void MatrixProducts::pack_into(std::span<const float> weight, std::int64_t inputs,
                               std::int64_t outputs, std::span<const float> bias, void* memory) {
  assert(static_cast<std::int64_t>(weight.size()) == inputs * outputs);
  if (kind_ == ProductKind::panels) {
    pack_panel_weight(weight, inputs, outputs, bias, static_cast<float*>(memory));
  } else {
    onednn_.pack_into(weight, inputs, outputs, bias, memory);
  }
}

Weight MatrixProducts::packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                                     std::int64_t outputs) {
  if (kind_ == ProductKind::onednn)
    return onednn_.packed_weight(std::move(memory), inputs, outputs);
  return {std::move(memory), inputs, outputs, panel_weight_bytes(inputs, outputs)};
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
