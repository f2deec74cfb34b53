#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/packs.cuh"
#include "kernels/cuda/shared_memory.cuh"
#include "kernels/cuda/sums.cuh"
#include "kernels/device_error.h"

namespace headsweep::cuda {
namespace {

// A block has a group of queries of one sequence and head. Keys and values come in tiles of 32
// positions through shared memory. Eight lanes of a warp share a query: each has four of a tile's
// keys (every eighth), and every eighth pack of the result's columns. What is summed in which order
// follows from the keys' positions in the sequence alone.
constexpr int query_lanes = 8, warp_queries = 32 / query_lanes;
constexpr int tile_keys = 32, lane_keys = tile_keys / query_lanes;
constexpr int most_warps = 4;

__device__ __forceinline__ int smaller(int a, int b) { return a < b ? a : b; }

template <class T>
struct Work {
  const int* starts;
  int sequences, heads, d_head, longest;
  Queries queries;
  int packs, shared_stride;  // of a row of d_head numbers; in shared memory
  T scale;
  Rows<const T> q, k, v;
  Rows<T> z;
  HeadFill fill;
  Access access;  // of q, k, v, z
  Access fill_access;
};

/// The block's: `first` is its first query's position.
struct Group {
  std::int64_t start;  // the sequence's first row
  int sequence, head, first, queries;
};

template <class T>
__device__ __forceinline__ Group group_of_block(const Work<T>& work) {
  const int block = static_cast<int>(blockIdx.x);
  const int head = block % work.heads, sequence = block / work.heads % work.sequences;
  const int start = work.starts[sequence], length = work.starts[sequence + 1] - start;
  if (length > work.longest) return {start, sequence, head, 0, 0};
  if (work.queries == Queries::last_position) return {start, sequence, head, length - 1, 1};
  const int block_queries = static_cast<int>(blockDim.x) / query_lanes;
  const int first = block / work.heads / work.sequences * block_queries;
  const int left = length - first;
  return {start, sequence, head, first, smaller(left, block_queries)};
}

/// Of q and z.
template <class T>
__device__ __forceinline__ std::int64_t row_of(const Work<T>& work, const Group& group, int query) {
  return work.queries == Queries::last_position ? group.sequence
                                                : group.start + group.first + query;
}

template <class T>
__device__ __forceinline__ bool is_kept(const Work<T>& work, const Group& group, int query) {
  return work.fill.keep == nullptr ||
         work.fill.keep[row_of(work, group, query) * work.heads + group.head] != 0;
}

/// Rows of d_head numbers, times `scale`, into shared memory, where packs end in zeros.
template <class T>
__device__ __forceinline__ void load_tile(const Work<T>& work, const Rows<const T>& from,
                                          std::int64_t first, int rows, int head, T scale,
                                          Pack<T>* tile) {
  for (int i = static_cast<int>(threadIdx.x); i < rows * work.packs;
       i += static_cast<int>(blockDim.x)) {
    const int row = i / work.packs, pack = i % work.packs, column = pack * pack_size<T>;
    Pack<T> numbers = load(from.row(first + row) + head * work.d_head + column,
                           work.d_head - column, work.access);
    for (int n = 0; n < pack_size<T>; ++n) numbers.at[n] *= scale;
    tile[row * work.shared_stride + pack] = numbers;
  }
}

/// The query's products with the lane's first `count` keys of the tile, of which `rows` are there.
template <int count, class T>
__device__ __forceinline__ void score_keys(const Work<T>& work, const Pack<T>* query,
                                           const Pack<T>* keys, int rows, T* scores) {
  const int lane = static_cast<int>(threadIdx.x) % query_lanes;
  Pack<T> sums[count] = {};
#pragma unroll 4
  for (int pack = 0; pack < work.packs; ++pack) {
    const Pack<T> q = query[pack];
#pragma unroll
    for (int key = 0; key < count; ++key) {
      const int row = key * query_lanes + lane;
      if (row >= rows) continue;
      const Pack<T> k = keys[row * work.shared_stride + pack];
      for (int n = 0; n < pack_size<T>; ++n)
        sums[key].at[n] = std::fma(q.at[n], k.at[n], sums[key].at[n]);
    }
  }
#pragma unroll
  for (int key = 0; key < count; ++key) scores[key] = sum_of_pack(sums[key]);
}

/// One query so far: exponentials are relative to `largest`.
template <class T, int lane_packs>
struct Mixture {
  T largest = -INFINITY, total = 0;
  Pack<T> z[lane_packs] = {};
};

/// Takes in a tile's scores, of which the query may see the first `visible` (perhaps none), and
/// leaves weights in their place.
template <class T, int lane_packs>
__device__ __forceinline__ void weigh(int visible, T* scores, Mixture<T, lane_packs>& mixture) {
  const int lane = static_cast<int>(threadIdx.x) % query_lanes;
  T largest = mixture.largest;
#pragma unroll
  for (int key = 0; key < lane_keys; ++key) {
    if (key * query_lanes + lane >= visible) scores[key] = -INFINITY;
    largest = scores[key] > largest ? scores[key] : largest;
  }
  for (int distance = query_lanes / 2; distance > 0; distance /= 2) {
    const T other = __shfl_xor_sync(whole_warp, largest, distance);
    largest = other > largest ? other : largest;
  }
  const T factor = std::exp(mixture.largest - largest);
  mixture.largest = largest;
#pragma unroll
  for (int key = 0; key < lane_keys; ++key) scores[key] = std::exp(scores[key] - largest);
  const T sum = sum_of_lanes<query_lanes>((scores[0] + scores[1]) + (scores[2] + scores[3]));
  mixture.total = std::fma(mixture.total, factor, sum);
#pragma unroll
  for (int u = 0; u < lane_packs; ++u)
    for (int n = 0; n < pack_size<T>; ++n) mixture.z[u].at[n] *= factor;
}

/// Adds the tile's values: `rows` of them for the warp, the first `visible` for this query. What is
/// not visible is not touched: a NaN would stay one, whatever its weight.
template <class T, int lane_packs>
__device__ __forceinline__ void mix_values(const Work<T>& work, const Pack<T>* values, int rows,
                                           int visible, const T* weights,
                                           Mixture<T, lane_packs>& mixture) {
  const int lane = static_cast<int>(threadIdx.x) % query_lanes;
#pragma unroll
  for (int key = 0; key < lane_keys; ++key)
    for (int other = 0; other < query_lanes; ++other) {
      const int row = key * query_lanes + other;
      if (row >= rows) break;
      const T weight = __shfl_sync(whole_warp, weights[key], other, query_lanes);
      if (row >= visible) continue;
#pragma unroll
      for (int u = 0; u < lane_packs; ++u) {
        const int pack = lane + query_lanes * u;
        if (pack >= work.packs) continue;
        const Pack<T> value = values[row * work.shared_stride + pack];
        for (int n = 0; n < pack_size<T>; ++n)
          mixture.z[u].at[n] = std::fma(weight, value.at[n], mixture.z[u].at[n]);
      }
    }
}

template <class T, int lane_packs>
__device__ __forceinline__ void store_query(const Work<T>& work, const Group& group, int query,
                                            const Mixture<T, lane_packs>& mixture) {
  const std::int64_t row = row_of(work, group, query);
  const bool kept = is_kept(work, group, query);
  const T* const values = reinterpret_cast<const T*>(work.fill.values.data);
  const T* const filled = kept ? nullptr
                               : values + work.fill.row[row] * work.fill.values.stride +
                                     std::int64_t{work.fill.head[group.head]} * work.d_head;
#pragma unroll
  for (int u = 0; u < lane_packs; ++u) {
    const int pack = static_cast<int>(threadIdx.x) % query_lanes + query_lanes * u;
    const int column = pack * pack_size<T>, columns = work.d_head - column;
    if (columns <= 0) continue;
    Pack<T> z = mixture.z[u];
    for (int n = 0; n < pack_size<T>; ++n) z.at[n] /= mixture.total;
    if (!kept) z = load(filled + column, columns, work.fill_access);
    store(z, work.z.row(row) + group.head * work.d_head + column, columns, work.access);
  }
}

/// Whether any of the block's queries is more than filled: the same for all of its threads.
template <class T>
__device__ __forceinline__ bool any_kept(const Work<T>& work, const Group& group) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  return __any_sync(whole_warp,
                    static_cast<int>(lane < group.queries && is_kept(work, group, lane))) != 0;
}

/// Of a multiprocessor at the same time: what registers are shared out for. Wide heads need many.
template <int lane_packs>
[[maybe_unused]] inline constexpr int least_blocks = lane_packs > 8   ? 1
                                                     : lane_packs > 4 ? 2
                                                                      : 4;

template <class T, int lane_packs>
__global__ void __launch_bounds__(32 * most_warps, least_blocks<lane_packs>) attend(Work<T> work) {
  const Group group = group_of_block(work);
  if (group.first < 0 || group.queries <= 0) return;  // shorter than others, or passed over
  const int rows_of_tile = work.longest < tile_keys ? work.longest : tile_keys;
  auto* const keys = reinterpret_cast<Pack<T>*>(shared_memory);
  Pack<T>* const values = keys + rows_of_tile * work.shared_stride;
  Pack<T>* const queries = values + rows_of_tile * work.shared_stride;

  const int warp_first = static_cast<int>(threadIdx.x) / 32 * warp_queries;
  const int own = warp_first + static_cast<int>(threadIdx.x) % 32 / query_lanes;
  const int query = own < group.queries ? own : group.queries - 1;          // all lanes have one
  const int warp_last = smaller(warp_first + warp_queries, group.queries);  // and one more
  const int positions = any_kept(work, group) ? group.first + group.queries : 0;

  Mixture<T, lane_packs> mixture;
  load_tile(work, work.q, row_of(work, group, 0), group.queries, group.head, work.scale, queries);
  for (int tile = 0; tile < positions; tile += tile_keys) {
    const int rows = smaller(positions - tile, tile_keys);
    if (tile > 0) __syncthreads();
    load_tile(work, work.k, group.start + tile, rows, group.head, T{1}, keys);
    load_tile(work, work.v, group.start + tile, rows, group.head, T{1}, values);
    __syncthreads();
    const int warp_rows = smaller(group.first + warp_last - tile, rows);
    if (warp_first >= group.queries || warp_rows <= 0) continue;
    T scores[lane_keys] = {};
    const Pack<T>* const q = queries + query * work.shared_stride;
    if (warp_rows <= query_lanes) {
      score_keys<1>(work, q, keys, warp_rows, scores);
    } else {
      score_keys<lane_keys>(work, q, keys, warp_rows, scores);
    }
    const int visible = group.first + query + 1 - tile;
    weigh(visible, scores, mixture);
    mix_values(work, values, warp_rows, visible, scores, mixture);
  }
  if (own < group.queries) store_query(work, group, own, mixture);
}

/// A lane holds columns / 8 of the result's numbers.
template <class T, int columns>
inline constexpr int lane_packs = columns / pack_size<T> / query_lanes;

/// In packs. An odd number: the rows that lanes read at once then lie in different banks.
constexpr int shared_stride(int packs) { return packs | 1; }

constexpr std::int64_t shared_bytes(int rows, int packs) {
  return std::int64_t{rows} * shared_stride(packs) * 16;
}

template <class T, int columns>
void prepare_kernel(int most_bytes) {
  constexpr int rows = 2 * tile_keys + most_warps * warp_queries;
  const auto wanted = static_cast<int>(shared_bytes(rows, columns / pack_size<T>));
  check(cudaFuncSetAttribute(attend<T, lane_packs<T, columns>>,
                             cudaFuncAttributeMaxDynamicSharedMemorySize,
                             std::min(wanted, most_bytes)));
}

template <class T>
void launch_attention(cudaStream_t stream, const Work<T>& work) {
  const bool last_only = work.queries == Queries::last_position;
  const int group_queries = last_only ? 1 : work.longest;
  const int warps = std::clamp((group_queries + warp_queries - 1) / warp_queries, 1, most_warps);
  const int block_queries = warps * warp_queries;
  const std::int64_t groups = last_only ? 1 : (work.longest + block_queries - 1) / block_queries;
  const int rows = 2 * std::min(work.longest, tile_keys) + std::min(group_queries, block_queries);
  const LaunchShape shape = {groups * work.sequences * work.heads, 32 * warps,
                             shared_bytes(rows, work.packs)};
  if (work.d_head <= 64) {
    launch(stream, shape, attend<T, lane_packs<T, 64>>, work);
  } else if (work.d_head <= 128) {
    launch(stream, shape, attend<T, lane_packs<T, 128>>, work);
  } else if (work.d_head <= most_d_head) {
    launch(stream, shape, attend<T, lane_packs<T, most_d_head>>, work);
  } else {
    throw DeviceError("CUDA attention: d_head " + std::to_string(work.d_head) + " is more than " +
                      std::to_string(most_d_head));
  }
}

}  // namespace

template <class T>
void attention(cudaStream_t stream, SequenceRows sequences, int heads, Queries queries, Matrix q,
               Matrix k, Matrix v, HeadFill fill, Matrix z) {
  const auto d_head = static_cast<int>(k.columns / heads);
  const auto packs = static_cast<int>(packs_of(d_head, pack_size<T>));
  Work<T> work = {sequences.starts,
                  sequences.count,
                  heads,
                  d_head,
                  sequences.longest,
                  queries,
                  packs,
                  shared_stride(packs),
                  T{1} / std::sqrt(static_cast<T>(d_head)),
                  rows_of<const T>(q),
                  rows_of<const T>(k),
                  rows_of<const T>(v),
                  rows_of<T>(z),
                  fill,
                  Access::elements,
                  Access::elements};
  const bool whole_heads = d_head % pack_size<T> == 0;
  if (whole_heads) {
    work.access = both(both(work.q.access, work.k.access), both(work.v.access, work.z.access));
    work.fill_access = rows_of<const T>(fill.values).access;
  }
  launch_attention(stream, work);
}

void prepare_attention() {
  int device = 0, most_bytes = 0;
  check(cudaGetDevice(&device));
  check(cudaDeviceGetAttribute(&most_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device));
  prepare_kernel<float, 64>(most_bytes);
  prepare_kernel<float, 128>(most_bytes);
  prepare_kernel<float, most_d_head>(most_bytes);
  prepare_kernel<double, 64>(most_bytes);
  prepare_kernel<double, 128>(most_bytes);
  prepare_kernel<double, most_d_head>(most_bytes);
}

template void attention<float>(cudaStream_t, SequenceRows, int, Queries, Matrix, Matrix, Matrix,
                               HeadFill, Matrix);
template void attention<double>(cudaStream_t, SequenceRows, int, Queries, Matrix, Matrix, Matrix,
                                HeadFill, Matrix);

}  // namespace headsweep::cuda
