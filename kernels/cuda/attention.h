// Causal attention over packed sequences, on float and on double: one pass, nothing of the size of
// positions x positions outside of a multiprocessor's shared memory.
#pragma once

#include <cuda_runtime.h>

#include "kernels/backend.h"

namespace headsweep::cuda {

inline constexpr int most_d_head = 256;

/// See Backend::attention(). Sequences of more rows than `longest` are passed over. Where the
/// fill's `keep` is 0, its value is written instead of the head's output (rows of `keep` and `row`
/// are those of z; keep nullptr: no fill). Puts its work on the stream and returns. DeviceError if
/// d_head is more than most_d_head.
template <class T>
void attention(cudaStream_t stream, SequenceRows sequences, int heads, Queries queries, Matrix q,
               Matrix k, Matrix v, HeadFill fill, Matrix z);

/// Allows the kernels the shared memory that they need, once for each GPU.
void prepare_attention();

}  // namespace headsweep::cuda
