// Numbers in the forms in which matrix units take them, and what a product's sums still need. Each
// puts its work on the stream and returns.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/backend.h"

namespace headsweep::cuda {

/// The bits of a bfloat16.
using Bfloat16 = std::uint16_t;

/// The nearest bfloat16 (ties to even) of each float, (rows, columns), without gaps between rows.
void round_to_bfloat16(cudaStream_t stream, Matrix in, Bfloat16* high);

/// The nearest bfloat16 of each float, and of what that leaves: high + low has 16 significant bits.
void split_into_bfloat16(cudaStream_t stream, Matrix in, Bfloat16* high, Bfloat16* low);

/// As float64, without gaps between rows.
void widen(cudaStream_t stream, Matrix in, double* out);
/// `count` numbers as float32.
void narrow(cudaStream_t stream, const double* in, std::int64_t count, float* out);

/// out = epilogue(sums + bias), on float and on double; `sums` and `out` (rows, columns) may be the
/// same; bias (columns), nullptr: none.
template <class T>
void finish(cudaStream_t stream, Matrix sums, const double* bias, Epilogue epilogue, Matrix out);

/// The rows and columns of a float32 matrix (inputs, outputs) that are listed in device memory, and
/// the columns' biases, 0 if `bias` is nullptr. A list that is nullptr: all of them. `part` has no
/// gaps between rows.
struct WeightPart {
  const int* rows = nullptr;
  const int* columns = nullptr;
  std::int64_t inputs = 0, outputs = 0;  // of the part
};
void take_part(cudaStream_t stream, const float* weight, const double* bias,
               std::int64_t weight_outputs, WeightPart wanted, float* part, double* part_bias);

}  // namespace headsweep::cuda
