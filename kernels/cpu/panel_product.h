// Own matrix products for AVX-512, in float32 and in float64: for the few rows of a family's
// prompts they beat the libraries (tests/bench/README.md), because the next weights are fetched
// while the present ones are multiplied.
//
// Every element of the result is one chain of fused multiply-adds over the inputs in order, so that
// a row's bits do not depend on the other rows.
#pragma once

#include <cstdint>

#include "kernels/backend.h"
#include "kernels/cpu/panels.h"
#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {

/// Whether this processor can run multiply_panels().
bool panels_usable();

/// The columns of panels first .. end - 1 of `out`.
void multiply_panels(TypedMatrix<float> in, const PanelWeight<float>& weight, Epilogue epilogue,
                     std::int64_t first, std::int64_t end, TypedMatrix<float> out);
void multiply_panels(TypedMatrix<double> in, const PanelWeight<double>& weight, Epilogue epilogue,
                     std::int64_t first, std::int64_t end, TypedMatrix<double> out);

}  // namespace headsweep::cpu
