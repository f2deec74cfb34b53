// Own matrix product for AVX-512: for the few rows of a family's prompts it beats the library
// (tests/bench/README.md), because the next weights are fetched while the present ones are
// multiplied.
//
// The weight is packed in panels of 32 columns, each (inputs, 32) and contiguous. Every element of
// the result is one chain of fused multiply-adds over the inputs in order, so that a row's bits do
// not depend on the other rows.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace headsweep::cpu {

/// Whether this processor can run multiply_panels().
bool panels_usable();

constexpr std::int64_t panel_columns = 32;

inline std::int64_t panel_count(std::int64_t outputs) {
  return (outputs + panel_columns - 1) / panel_columns;
}

/// `panels`: panel_count(outputs) * inputs * panel_columns floats, aligned to 64 bytes; short
/// panels end in zeros.
void pack_panels(const float* weight, std::int64_t inputs, std::int64_t outputs, float* panels);

struct PanelWeight {
  const float* panels;
  const float* bias;  // (panel_count * panel_columns), zeros at the end
  std::int64_t inputs, outputs;
};

/// The columns of panels first .. end - 1 of `out`.
void multiply_panels(Matrix in, const PanelWeight& weight, Epilogue epilogue, std::int64_t first,
                     std::int64_t end, Matrix out);

}  // namespace headsweep::cpu
