// What follows a product, in plain C++.
#pragma once

#include <cstdint>

#include "kernels/backend.h"

namespace headsweep::cpu {

/// A row of a panel's columns, of which the first `columns` exist: bias and epilogue of what
/// `sums` holds, computed in float64, into `out`. sums, bias: (panel_columns).
void finish_row(const double* sums, const double* bias, Epilogue epilogue, std::int64_t columns,
                double* out);
void finish_row(const float* sums, const float* bias, Epilogue epilogue, std::int64_t columns,
                float* out);

}  // namespace headsweep::cpu
