#include <cmath>

#include "kernels/cuda/causal_mask.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/packs.cuh"

namespace headsweep::cuda {
namespace {

/// A block for each row. What a query may see is neither read nor written.
template <class T>
__global__ void __launch_bounds__(256)
    hide(Rows<T> scores, std::int64_t queries, std::int64_t first_position) {
  const std::int64_t row = blockIdx.x;
  const std::int64_t hidden = first_position + row % queries + 1;  // the first key that is
  T* const keys = scores.row(row);
  Pack<T> nothing;
  for (int i = 0; i < pack_size<T>; ++i) nothing.at[i] = -INFINITY;
  for (std::int64_t first = hidden / pack_size<T> * pack_size<T> + threadIdx.x * pack_size<T>;
       first < scores.columns; first += std::int64_t{blockDim.x} * pack_size<T>) {
    if (first >= hidden) {
      store(nothing, keys + first, scores.columns - first, scores.access);
      continue;
    }
    for (int i = 0; i < pack_size<T>; ++i)
      if (first + i >= hidden && first + i < scores.columns) keys[first + i] = -INFINITY;
  }
}

}  // namespace

template <class T>
void hide_later_keys(cudaStream_t stream, Matrix scores, std::int64_t queries,
                     std::int64_t first_position) {
  launch(stream, {scores.rows, threads_for(packs_of(scores.columns, pack_size<T>))}, hide<T>,
         rows_of<T>(scores), queries, first_position);
}

template void hide_later_keys<float>(cudaStream_t, Matrix, std::int64_t, std::int64_t);
template void hide_later_keys<double>(cudaStream_t, Matrix, std::int64_t, std::int64_t);

}  // namespace headsweep::cuda
