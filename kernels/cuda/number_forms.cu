#include <cmath>

#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/number_forms.h"
#include "kernels/cuda/packs.cuh"

namespace headsweep::cuda {
namespace {

// A block for each row, but for what has no rows.

__global__ void __launch_bounds__(256) split(Rows<const float> in, Bfloat16Rows out) {
  const std::int64_t row = blockIdx.x;
  const std::int64_t step = std::int64_t{blockDim.x} * pack_size<float>;
  for (std::int64_t first = threadIdx.x * pack_size<float>; first < in.columns; first += step)
    store(load(in.row(row) + first, in.columns - first, in.access), out, row, first);
}

__global__ void __launch_bounds__(256) widen_rows(Rows<const float> in, Rows<double> out) {
  const std::int64_t row = blockIdx.x;
  const std::int64_t step = std::int64_t{blockDim.x} * pack_size<float>;
  for (std::int64_t first = threadIdx.x * pack_size<float>; first < in.columns; first += step) {
    const Pack<float> pack = load(in.row(row) + first, in.columns - first, in.access);
    double* const to = out.row(row) + first;
    store<double>({{pack.at[0], pack.at[1]}}, to, in.columns - first, out.access);
    store<double>({{pack.at[2], pack.at[3]}}, to + 2, in.columns - first - 2, out.access);
  }
}

constexpr int narrow_threads = 256;

__global__ void __launch_bounds__(narrow_threads)
    narrow_numbers(const double* in, std::int64_t count, float* out, Access access) {
  const std::int64_t first =
      (std::int64_t{blockIdx.x} * narrow_threads + threadIdx.x) * pack_size<float>;
  const Pack<double> left = load(in + first, count - first, access);
  const Pack<double> right = load(in + first + 2, count - first - 2, access);
  store<float>({{static_cast<float>(left.at[0]), static_cast<float>(left.at[1]),
                 static_cast<float>(right.at[0]), static_cast<float>(right.at[1])}},
               out + first, count - first, access);
}

/// 0.5 x (1 + tanh(u)) = x / (1 + exp(-2 u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
template <class T>
__device__ __forceinline__ T gelu_tanh(T x) {
  const T u =
      static_cast<T>(0.79788456080286535588) * std::fma(static_cast<T>(0.044715) * x * x, x, x);
  return x / (1 + std::exp(-2 * u));
}

/// x Phi(x). Where x is far below 0, erfc() keeps what 1 + erf() would round away.
template <class T>
__device__ __forceinline__ T gelu(T x) {
  return x * static_cast<T>(0.5) * std::erfc(x * static_cast<T>(-0.70710678118654752440));
}

template <class T>
__global__ void __launch_bounds__(256)
    finish_rows(Rows<const T> sums, const double* bias, Epilogue epilogue, Rows<T> out) {
  const std::int64_t row = blockIdx.x;
  const std::int64_t step = std::int64_t{blockDim.x} * pack_size<T>;
  for (std::int64_t first = threadIdx.x * pack_size<T>; first < sums.columns; first += step) {
    const std::int64_t columns = sums.columns - first;
    T* const target = out.row(row) + first;
    Pack<T> pack = load(sums.row(row) + first, columns, sums.access);
    if (bias != nullptr)
      for (int i = 0; i < pack_size<T> && i < columns; ++i)
        pack.at[i] += static_cast<T>(bias[first + i]);
    if (epilogue == Epilogue::gelu)
      for (int i = 0; i < pack_size<T>; ++i) pack.at[i] = gelu(pack.at[i]);
    if (epilogue == Epilogue::gelu_tanh)
      for (int i = 0; i < pack_size<T>; ++i) pack.at[i] = gelu_tanh(pack.at[i]);
    if (epilogue == Epilogue::accumulate) {
      const Pack<T> before = load<T>(target, columns, out.access);
      for (int i = 0; i < pack_size<T>; ++i) pack.at[i] += before.at[i];
    }
    store(pack, target, columns, out.access);
  }
}

struct WeightAndBias {
  const float* weight;
  const double* bias;
  std::int64_t outputs;
};

/// The biases are the work of one block more than there are rows.
__global__ void __launch_bounds__(256)
    take(WeightAndBias from, WeightPart wanted, float* part, double* part_bias) {
  const std::int64_t row = blockIdx.x;
  for (std::int64_t o = threadIdx.x; o < wanted.outputs; o += blockDim.x) {
    const std::int64_t column = wanted.columns == nullptr ? o : wanted.columns[o];
    if (row == wanted.inputs) {
      part_bias[o] = from.bias == nullptr ? 0 : from.bias[column];
    } else {
      const std::int64_t source = wanted.rows == nullptr ? row : wanted.rows[row];
      part[row * wanted.outputs + o] = from.weight[source * from.outputs + column];
    }
  }
}

int threads_of_row(std::int64_t columns, int size) { return threads_for(packs_of(columns, size)); }

}  // namespace

void round_to_bfloat16(cudaStream_t stream, Matrix in, Bfloat16* high) {
  split_into_bfloat16(stream, in, high, nullptr);
}

void split_into_bfloat16(cudaStream_t stream, Matrix in, Bfloat16* high, Bfloat16* low) {
  launch(stream, {in.rows, threads_of_row(in.columns, pack_size<float>)}, split,
         rows_of<const float>(in), bfloat16_rows(high, low, in.columns));
}

void widen(cudaStream_t stream, Matrix in, double* out) {
  const Rows<double> target = {out, in.rows, in.columns, in.columns,
                               access_of(out, in.columns, in.columns)};
  launch(stream, {in.rows, threads_of_row(in.columns, pack_size<float>)}, widen_rows,
         rows_of<const float>(in), target);
}

void narrow(cudaStream_t stream, const double* in, std::int64_t count, float* out) {
  constexpr std::int64_t numbers_of_block = narrow_threads * pack_size<float>;
  launch(stream, {(count + numbers_of_block - 1) / numbers_of_block, narrow_threads},
         narrow_numbers, in, count, out, both(access_of(in, count, 0), access_of(out, count, 0)));
}

template <class T>
void finish(cudaStream_t stream, Matrix sums, const double* bias, Epilogue epilogue, Matrix out) {
  launch(stream, {sums.rows, threads_of_row(sums.columns, pack_size<T>)}, finish_rows<T>,
         rows_of<const T>(sums), bias, epilogue, rows_of<T>(out));
}
template void finish<float>(cudaStream_t, Matrix, const double*, Epilogue, Matrix);
template void finish<double>(cudaStream_t, Matrix, const double*, Epilogue, Matrix);

void take_part(cudaStream_t stream, const float* weight, const double* bias,
               std::int64_t weight_outputs, WeightPart wanted, float* part, double* part_bias) {
  launch(stream, {wanted.inputs + 1, threads_of_row(wanted.outputs, 1)}, take,
         WeightAndBias{weight, bias, weight_outputs}, wanted, part, part_bias);
}

}  // namespace headsweep::cuda
