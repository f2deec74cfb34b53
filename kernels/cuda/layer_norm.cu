#include <cmath>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/packs.cuh"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/shared_memory.cuh"
#include "kernels/cuda/sums.cuh"

namespace headsweep::cuda {
namespace {

/// How many packs a thread keeps in registers: read once, used three times.
constexpr int held_packs = 8;

template <class T>
struct Normalization {
  Rows<const T> in;
  const T* scale;  // (columns), or nullptr
  Access scale_access;
  T epsilon;
};

/// What one of the `threads` that share a row owns of it: every so-many-th pack.
template <class T, int threads>
struct Part {
  const T* row;
  std::int64_t columns;
  Access access;
  int thread;
  Pack<T> held[held_packs];

  __device__ Pack<T> read(std::int64_t first) const {
    return load(row + first, columns - first, access);
  }
  __device__ std::int64_t first_column(int pack) const {
    return (thread + std::int64_t{threads} * pack) * pack_size<T>;
  }
  __device__ void hold() {
#pragma unroll
    for (int pack = 0; pack < held_packs; ++pack) held[pack] = read(first_column(pack));
  }
  /// use(pack, first column), in order. Beyond what is held, memory is read anew.
  template <class Use>
  __device__ void visit(Use use) const {
#pragma unroll
    for (int pack = 0; pack < held_packs; ++pack) use(held[pack], first_column(pack));
    for (int pack = held_packs; first_column(pack) < columns; ++pack)
      use(read(first_column(pack)), first_column(pack));
  }
};

/// The mean first, then the mean of the centred squares.
template <int threads, class T>
__global__ void __launch_bounds__(threads < 128 ? 128 : threads, 1)
    normalize(Normalization<T> work, Rows<T> out) {
  const std::int64_t columns = work.in.columns;
  const std::int64_t row = blockIdx.x * std::int64_t{blockDim.x / threads} + threadIdx.x / threads;
  if (row >= work.in.rows) return;  // never one of several warps that share a row
  auto* const sums = reinterpret_cast<T*>(shared_memory);
  Part<T, threads> part = {
      work.in.row(row), columns, work.in.access, static_cast<int>(threadIdx.x) % threads, {}};
  part.hold();

  Pack<T> total = {};
  part.visit([&](const Pack<T>& pack, std::int64_t) {
    for (int i = 0; i < pack_size<T>; ++i) total.at[i] += pack.at[i];
  });
  const T mean = sum_of_block<threads>(sum_of_pack(total), sums) / static_cast<T>(columns);

  Pack<T> squares = {};
  part.visit([&](const Pack<T>& pack, std::int64_t first) {
    for (int i = 0; i < pack_size<T>; ++i) {
      const T centred = first + i < columns ? pack.at[i] - mean : T{0};
      squares.at[i] = std::fma(centred, centred, squares.at[i]);
    }
  });
  const T variance =
      sum_of_block<threads>(sum_of_pack(squares), sums + threads / 32) / static_cast<T>(columns);

  const T factor = T{1} / std::sqrt(variance + work.epsilon);
  part.visit([&](Pack<T> pack, std::int64_t first) {
    for (int i = 0; i < pack_size<T>; ++i) pack.at[i] = (pack.at[i] - mean) * factor;
    if (work.scale != nullptr) {
      const Pack<T> scale = load(work.scale + first, columns - first, work.scale_access);
      for (int i = 0; i < pack_size<T>; ++i) pack.at[i] *= scale.at[i];
    }
    store(pack, out.row(row) + first, columns - first, out.access);
  });
}

template <int threads, class T>
void launch_normalize(cudaStream_t stream, const Normalization<T>& work, const Rows<T>& out) {
  constexpr int rows_of_block = threads < 128 ? 128 / threads : 1;
  // Two sums of every warp, where a row has more than one.
  constexpr std::int64_t shared_bytes = threads > 32 ? 2 * threads / 32 * sizeof(T) : 0;
  launch(
      stream,
      {(work.in.rows + rows_of_block - 1) / rows_of_block, threads * rows_of_block, shared_bytes},
      normalize<threads, T>, work, out);
}

}  // namespace

/// How many threads share a row follows from its length alone: the order of its sums does, too.
template <class T>
void layer_norm(cudaStream_t stream, Matrix in, const void* scale, double epsilon, Matrix out) {
  const auto* const factors = static_cast<const T*>(scale);
  const Normalization<T> work = {rows_of<const T>(in), factors, access_of(factors, in.columns, 0),
                                 static_cast<T>(epsilon)};
  const auto target = rows_of<T>(out);
  const std::int64_t packs = packs_of(in.columns, pack_size<T>);
  if (packs <= 32 * held_packs) {
    launch_normalize<32>(stream, work, target);
  } else if (packs <= 128 * held_packs) {
    launch_normalize<128>(stream, work, target);
  } else {
    launch_normalize<512>(stream, work, target);
  }
}

template void layer_norm<float>(cudaStream_t, Matrix, const void*, double, Matrix);
template void layer_norm<double>(cudaStream_t, Matrix, const void*, double, Matrix);

}  // namespace headsweep::cuda
