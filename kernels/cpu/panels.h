// Weights as panels of 32 columns: the form that the own product and the products in float64 read.
// Packing is plain C++, for every processor.
//
// A panel is (inputs, 32) and contiguous, and holds the weight's float32 numbers as they are; the
// last one ends in zeros. Behind the panels lies the bias in float64, filled up like them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/backend.h"

namespace headsweep::cpu {

constexpr std::int64_t panel_columns = 32;

inline std::int64_t panel_count(std::int64_t outputs) {
  return (outputs + panel_columns - 1) / panel_columns;
}

/// As Backend::packed_bytes() and pack_into().
std::int64_t packed_panels_bytes(std::int64_t inputs, std::int64_t outputs);
void pack_panels(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory);

/// What Weight::packed points at; computed with in T.
template <class T>
struct PackedPanels {
  std::shared_ptr<void> memory;
  std::vector<T> bias;  // (panel_count * panel_columns)
};

/// As Backend::packed_weight().
template <class T>
Weight packed_panels(const std::shared_ptr<void>& memory, std::int64_t inputs,
                     std::int64_t outputs) {
  const std::int64_t columns = panel_count(outputs) * panel_columns;
  const auto* const panels = static_cast<const float*>(memory.get());
  const auto* const bias = reinterpret_cast<const double*>(panels + inputs * columns);
  auto packed = std::make_shared<PackedPanels<T>>();
  packed->bias.assign(bias, bias + columns);
  packed->memory = memory;
  return {std::move(packed), inputs, outputs, packed_panels_bytes(inputs, outputs)};
}

/// The same for loops.
template <class T>
struct PanelWeight {
  const float* panels;
  const T* bias;  // (panel_count * panel_columns), zeros at the end
  std::int64_t inputs, outputs;
};

template <class T>
PanelWeight<T> panel_weight(const Weight& weight) {
  const auto& packed = *static_cast<const PackedPanels<T>*>(weight.packed.get());
  return {static_cast<const float*>(packed.memory.get()), packed.bias.data(), weight.inputs,
          weight.outputs};
}

/// The packing of products that read panels and compute in T.
template <class T>
struct PanelPacking {
  using Number = T;

  static std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs) {
    return packed_panels_bytes(inputs, outputs);
  }
  static void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                        std::span<const double> bias, void* memory) {
    pack_panels(weight, inputs, outputs, bias, memory);
  }
  static Weight packed_weight(const std::shared_ptr<void>& memory, std::int64_t inputs,
                              std::int64_t outputs) {
    return packed_panels<T>(memory, inputs, outputs);
  }
  static std::string weight_form() { return "float32 panels of 32 columns"; }
};

}  // namespace headsweep::cpu
