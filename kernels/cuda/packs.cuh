// Rows of a matrix as kernels read and write them: 16 bytes at a time where they lie so that this
// is possible, else number by number. Which columns a thread owns is the same either way, and one
// kernel does both, so that no bit of a result depends on where a matrix lies.
#pragma once

#include <cstdint>
#include <type_traits>

#include <cuda_runtime.h>

#include "kernels/matrix.h"

namespace headsweep::cuda {

/// How many neighbouring columns a thread owns.
template <class T>
inline constexpr int pack_size = 16 / static_cast<int>(sizeof(T));

template <class T>
struct alignas(16) Pack {
  T at[pack_size<T>];
};

constexpr std::int64_t packs_of(std::int64_t columns, int size) {
  return (columns + size - 1) / size;
}

enum class Access { packs, elements };

constexpr Access both(Access a, Access b) {
  return a == Access::packs && b == Access::packs ? Access::packs : Access::elements;
}

/// What can be done with parts of `columns` numbers of T that begin `stride` numbers apart.
template <class T>
Access access_of(const T* data, std::int64_t columns, std::int64_t stride) {
  const bool whole = columns % pack_size<T> == 0 && stride % pack_size<T> == 0 &&
                     reinterpret_cast<std::uintptr_t>(data) % 16 == 0;
  return whole ? Access::packs : Access::elements;
}

template <class T>
struct Rows {
  T* data = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;
  Access access = Access::elements;

  __host__ __device__ T* row(std::int64_t r) const { return data + r * stride; }
};

template <class T>
Rows<T> rows_of(Matrix matrix) {
  auto* const data = reinterpret_cast<T*>(matrix.data);
  // A single row has no stride that could be wrong.
  const std::int64_t stride = matrix.rows > 1 ? matrix.stride : 0;
  return {data, matrix.rows, matrix.columns, matrix.stride,
          access_of(data, matrix.columns, stride)};
}

__device__ __forceinline__ Pack<float> load_whole(const float* from) {
  const float4 whole = *reinterpret_cast<const float4*>(from);
  return {{whole.x, whole.y, whole.z, whole.w}};
}
__device__ __forceinline__ Pack<double> load_whole(const double* from) {
  const double2 whole = *reinterpret_cast<const double2*>(from);
  return {{whole.x, whole.y}};
}

/// The first `columns` numbers of the pack, which may be none; the others are 0.
template <class T>
__device__ __forceinline__ Pack<T> load(const T* from, std::int64_t columns, Access access) {
  Pack<T> pack = {};
  if (access == Access::packs) {
    if (columns > 0) pack = load_whole(from);
  } else {
    for (int i = 0; i < pack_size<T>; ++i)
      if (i < columns) pack.at[i] = from[i];
  }
  return pack;
}

__device__ __forceinline__ void store_whole(const Pack<float>& pack, float* to) {
  *reinterpret_cast<float4*>(to) = make_float4(pack.at[0], pack.at[1], pack.at[2], pack.at[3]);
}
__device__ __forceinline__ void store_whole(const Pack<double>& pack, double* to) {
  *reinterpret_cast<double2*>(to) = make_double2(pack.at[0], pack.at[1]);
}

/// `columns` of the pack's numbers, which may be none.
template <class T>
__device__ __forceinline__ void store(const Pack<T>& pack, T* to, std::int64_t columns,
                                      Access access) {
  if (access == Access::packs) {
    if (columns > 0) store_whole(pack, to);
  } else {
    for (int i = 0; i < pack_size<T>; ++i)
      if (i < columns) to[i] = pack.at[i];
  }
}

/// Threads for a block that goes over `packs`, each thread at every so-many-th.
inline int threads_for(std::int64_t packs) {
  constexpr int warp = 32, most = 256;
  return packs >= most ? most : static_cast<int>((packs + warp - 1) / warp) * warp;
}

}  // namespace headsweep::cuda
