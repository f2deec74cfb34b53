// Row-by-row operations of the CUDA backend, on float and on double: see Backend. Each puts its
// work on the stream and returns.
#pragma once

#include <cuda_runtime.h>

#include "kernels/backend.h"

namespace headsweep::cuda {

/// `scale`: (columns) of T, or nullptr.
template <class T>
void layer_norm(cudaStream_t stream, Matrix in, const void* scale, double epsilon, Matrix out);
template <class T>
void rotate(cudaStream_t stream, int heads, Matrix table, const int* position, Matrix x);
template <class T>
void replace_heads(cudaStream_t stream, HeadFill fill, Matrix from, Matrix to);
template <class T>
void add_rows(cudaStream_t stream, Matrix values, const int* row, Matrix x);
template <class T>
void gather_rows(cudaStream_t stream, Matrix in, const int* row, Matrix out);
template <class T>
void row_dots(cudaStream_t stream, Matrix a, Matrix b, double* out);

}  // namespace headsweep::cuda
