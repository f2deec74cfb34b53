#include <cmath>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/packs.cuh"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/sums.cuh"

namespace headsweep::cuda {
namespace {

template <class T>
struct Fill {
  const T* values;
  std::int64_t stride;
  const int *row, *head;
  const std::uint8_t* keep;
  int heads, d_head;
};

/// A block for each row.
template <class T>
__global__ void __launch_bounds__(256)
    replace(Fill<T> fill, Rows<const T> from, Rows<T> to, Access access) {
  const std::int64_t row = blockIdx.x;
  const int packs = (fill.d_head + pack_size<T> - 1) / pack_size<T>;
  for (int i = static_cast<int>(threadIdx.x); i < packs * fill.heads;
       i += static_cast<int>(blockDim.x)) {
    const int head = i / packs, first = i % packs * pack_size<T>;
    const bool kept = fill.keep[row * fill.heads + head] != 0;
    if (kept && from.data == to.data) continue;
    const std::int64_t column = std::int64_t{head} * fill.d_head + first;
    const T* const source = kept ? from.row(row) + column
                                 : fill.values + fill.row[row] * fill.stride +
                                       std::int64_t{fill.head[head]} * fill.d_head + first;
    store(load(source, fill.d_head - first, access), to.row(row) + column, fill.d_head - first,
          access);
  }
}

/// A block for each row, a thread for each pair.
template <class T>
__global__ void __launch_bounds__(256)
    turn(Rows<const T> table, const int* position, int heads, Rows<T> x) {
  const std::int64_t row = blockIdx.x;
  const T* const angles = table.row(position[row]);
  const int pairs = static_cast<int>(table.columns / 2);
  for (int i = static_cast<int>(threadIdx.x); i < heads * pairs;
       i += static_cast<int>(blockDim.x)) {
    const int head = i / pairs, pair = i % pairs;
    const T cosine = angles[pair], sine = angles[pairs + pair];
    T* const columns = x.row(row) + x.columns / heads * head + pair;
    const T a = columns[0], b = columns[pairs];
    columns[0] = a * cosine - b * sine;
    columns[pairs] = b * cosine + a * sine;
  }
}

enum class Take { copy, add };

/// A block for each row: to[r] = from[row[r]], or += it.
template <Take take, class T>
__global__ void __launch_bounds__(256) take_rows(Rows<const T> from, const int* row, Rows<T> to) {
  const std::int64_t r = blockIdx.x;
  const T* const source = from.row(row[r]);
  T* const target = to.row(r);
  for (std::int64_t first = threadIdx.x * pack_size<T>; first < to.columns;
       first += std::int64_t{blockDim.x} * pack_size<T>) {
    const std::int64_t columns = to.columns - first;
    Pack<T> pack = load(source + first, columns, from.access);
    if constexpr (take == Take::add) {
      const Pack<T> before = load<T>(target + first, columns, to.access);
      for (int i = 0; i < pack_size<T>; ++i) pack.at[i] += before.at[i];
    }
    store(pack, target + first, columns, to.access);
  }
}

template <Take take, class T>
void launch_take(cudaStream_t stream, Matrix from, const int* row, Matrix to) {
  const auto target = rows_of<T>(to);
  launch(stream, {to.rows, threads_for(packs_of(to.columns, pack_size<T>))}, take_rows<take, T>,
         rows_of<const T>(from.part_of_columns(0, to.columns)), row, target);
}

constexpr int dots_of_block = 4;

/// A warp for each row.
template <class T>
__global__ void __launch_bounds__(32 * dots_of_block)
    dot_rows(Rows<const T> a, Rows<const T> b, double* out) {
  const std::int64_t row = blockIdx.x * std::int64_t{dots_of_block} + threadIdx.x / 32;
  if (row >= a.rows) return;
  Pack<double> sums = {};
  for (std::int64_t first = threadIdx.x % 32 * pack_size<T>; first < a.columns;
       first += 32 * pack_size<T>) {
    const Pack<T> left = load(a.row(row) + first, a.columns - first, a.access);
    const Pack<T> right = load(b.row(row) + first, a.columns - first, b.access);
    for (int i = 0; i < pack_size<T>; ++i)
      sums.at[i % 2] = std::fma(static_cast<double>(left.at[i]), static_cast<double>(right.at[i]),
                                sums.at[i % 2]);
  }
  const double sum = sum_of_lanes<32>(sum_of_pack(sums));
  if (threadIdx.x % 32 == 0) out[row] = sum;
}

}  // namespace

template <class T>
void rotate(cudaStream_t stream, int heads, Matrix table, const int* position, Matrix x) {
  launch(stream, {x.rows, threads_for(heads * table.columns / 2)}, turn<T>, rows_of<const T>(table),
         position, heads, rows_of<T>(x));
}

template <class T>
void replace_heads(cudaStream_t stream, HeadFill fill, Matrix from, Matrix to) {
  const auto source = rows_of<const T>(from), values = rows_of<const T>(fill.values);
  const auto target = rows_of<T>(to);
  const std::int64_t d_head = from.columns / fill.heads;
  const bool whole_heads = d_head % pack_size<T> == 0;
  const Access access =
      whole_heads ? both(both(source.access, target.access), values.access) : Access::elements;
  launch(stream, {from.rows, threads_for(packs_of(d_head, pack_size<T>) * fill.heads)}, replace<T>,
         Fill<T>{values.data, values.stride, fill.row, fill.head, fill.keep, fill.heads,
                 static_cast<int>(d_head)},
         source, target, access);
}

template <class T>
void add_rows(cudaStream_t stream, Matrix values, const int* row, Matrix x) {
  launch_take<Take::add, T>(stream, values, row, x);
}

template <class T>
void gather_rows(cudaStream_t stream, Matrix in, const int* row, Matrix out) {
  launch_take<Take::copy, T>(stream, in, row, out);
}

template <class T>
void row_dots(cudaStream_t stream, Matrix a, Matrix b, double* out) {
  launch(stream, {(a.rows + dots_of_block - 1) / dots_of_block, 32 * dots_of_block}, dot_rows<T>,
         rows_of<const T>(a), rows_of<const T>(b), out);
}

template void rotate<float>(cudaStream_t, int, Matrix, const int*, Matrix);
template void rotate<double>(cudaStream_t, int, Matrix, const int*, Matrix);
template void replace_heads<float>(cudaStream_t, HeadFill, Matrix, Matrix);
template void replace_heads<double>(cudaStream_t, HeadFill, Matrix, Matrix);
template void add_rows<float>(cudaStream_t, Matrix, const int*, Matrix);
template void add_rows<double>(cudaStream_t, Matrix, const int*, Matrix);
template void gather_rows<float>(cudaStream_t, Matrix, const int*, Matrix);
template void gather_rows<double>(cudaStream_t, Matrix, const int*, Matrix);
template void row_dots<float>(cudaStream_t, Matrix, Matrix, double*);
template void row_dots<double>(cudaStream_t, Matrix, Matrix, double*);

}  // namespace headsweep::cuda
