#include "kernels/cpu/bf16_products.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <omp.h>

#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {
namespace {

constexpr std::int64_t pair_gap = 16;  // a cache line between rows, as row_gap

/// A packed weight: the high parts, the low parts, which bf16 does not read, and the bias in
/// float64, filled up with zeros.
struct Places {
  std::int64_t low, bias, end;  // bytes

  Places(std::int64_t inputs, std::int64_t outputs)
      : low(bf16_panel_pairs(inputs, outputs) * std::int64_t{sizeof(Bf16Pair)}),
        bias(2 * low),
        end(bias + panel_count(outputs) * panel_columns * std::int64_t{sizeof(double)}) {}
};

/// What Weight::packed points at.
struct PackedBf16Panels {
  std::shared_ptr<void> memory;
  const Bf16Pair* high;
  const Bf16Pair* low;
  std::vector<float> bias;  // (panel_count * panel_columns)
};

Bf16Pair* pairs_at(void* memory, std::int64_t offset) {
  return reinterpret_cast<Bf16Pair*>(static_cast<std::byte*>(memory) + offset);
}

double* bias_at(void* memory, std::int64_t offset) {
  return reinterpret_cast<double*>(static_cast<std::byte*>(memory) + offset);
}

}  // namespace

Bf16PanelProducts::Bf16PanelProducts(Rung rung) : rung_(rung) {
  assert(rung == Rung::bf16 || rung == Rung::bf16x3);
}

std::int64_t Bf16PanelProducts::packed_bytes(std::int64_t inputs, std::int64_t outputs) {
  return Places(inputs, outputs).end;
}

void Bf16PanelProducts::pack_into(std::span<const float> weight, std::int64_t inputs,
                                  std::int64_t outputs, std::span<const double> bias,
                                  void* memory) {
  assert(static_cast<std::int64_t>(weight.size()) == inputs * outputs);
  const Places places(inputs, outputs);
  pack_bf16_panels(weight.data(), inputs, outputs, pairs_at(memory, 0),
                   pairs_at(memory, places.low));
  double* const own_bias = bias_at(memory, places.bias);
  std::fill(std::copy(bias.begin(), bias.end(), own_bias),
            own_bias + panel_count(outputs) * panel_columns, 0.0);
}

Weight Bf16PanelProducts::packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                                        std::int64_t outputs) {
  const Places places(inputs, outputs);
  auto packed = std::make_shared<PackedBf16Panels>();
  packed->high = pairs_at(memory.get(), 0);
  packed->low = pairs_at(memory.get(), places.low);
  const double* const bias = bias_at(memory.get(), places.bias);
  packed->bias.assign(bias, bias + panel_count(outputs) * panel_columns);
  packed->memory = std::move(memory);
  return {std::move(packed), inputs, outputs, places.end};
}

void Bf16PanelProducts::multiply(Matrix in_matrix, const Weight& weight, Epilogue epilogue,
                                 Matrix out_matrix) {
  const auto in = typed<float>(in_matrix), out = typed<float>(out_matrix);
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  const auto& packed = *static_cast<const PackedBf16Panels*>(weight.packed.get());
  const Bf16Parts parts = rung_ == Rung::bf16 ? Bf16Parts::high : Bf16Parts::high_and_low;
  const Bf16PanelWeight panels{packed.high, rung_ == Rung::bf16 ? nullptr : packed.low,
                               packed.bias.data(), weight.inputs, weight.outputs};
  const std::int64_t stride = bf16_row_pairs(in.columns, parts) + pair_gap;
  rows_.resize(std::max(rows_.size(), static_cast<std::size_t>(in.rows * stride)));
  const Bf16Rows rows{rows_.data(), in.rows, stride};
  const std::int64_t count = panel_count(weight.outputs);
#pragma omp parallel
  {
#pragma omp for schedule(static)
    for (std::int64_t row = 0; row < in.rows; ++row)
      split_row(in.data + row * in.stride, in.columns, parts, rows.data + row * stride);
    const std::int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
    multiply_bf16_panels(rows, panels, epilogue, count * thread / threads,
                         count * (thread + 1) / threads, out.data, out.stride);
  }
}

std::string Bf16PanelProducts::description() const {
  return fmt::format("panel products in {}", name_of(rung_));
}

}  // namespace headsweep::cpu
