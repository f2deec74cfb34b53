// Matrices on the emulated GPU for tests of CUDA kernels, and what every kernel has to keep: the
// same bits in every order of its threads and wherever its matrices lie, and nothing written beyond
// them.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "kernels/matrix.h"
#include "tests/cuda_emulation/emulation.h"
#include "tests/cuda_emulation/gpu_test.h"

namespace headsweep {

/// Where a matrix begins in its memory, and what lies between its rows: numbers.
struct Layout {
  std::int64_t offset = 0, gap = 0;
};

struct CudaTest : emulation::GpuTest {
  ~CudaTest() override { EXPECT_EQ(emulation::faults(), ""); }

  /// Filled with NaN by the emulation.
  template <class T>
  Array<T> poisoned(std::int64_t size) const {
    T* address = nullptr;
    EXPECT_EQ(cudaMalloc(&address, static_cast<std::size_t>(size) * sizeof(T)), cudaSuccess);
    return {{address, [](void* memory) { cudaFree(memory); }}, size};
  }
  template <class T>
  Array<T> device(const std::vector<T>& values) const {
    const auto array = poisoned<T>(static_cast<std::int64_t>(values.size()));
    EXPECT_EQ(cudaMemcpyAsync(array.data(), values.data(), values.size() * sizeof(T),
                              cudaMemcpyHostToDevice, stream),
              cudaSuccess);
    return array;
  }
  template <class T>
  std::vector<T> host(const Array<T>& array) const {
    std::vector<T> values(static_cast<std::size_t>(array.size));
    EXPECT_EQ(cudaMemcpyAsync(values.data(), array.data(), values.size() * sizeof(T),
                              cudaMemcpyDeviceToHost, stream),
              cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    return values;
  }
};

/// A matrix of T that ends where its memory ends.
template <class T>
struct DeviceMatrix {
  Array<T> memory;
  Layout layout;
  std::int64_t rows = 0, columns = 0;

  /// NaN wherever nothing is given.
  DeviceMatrix(const CudaTest& test, std::int64_t row_count, std::int64_t column_count,
               Layout where, const std::vector<double>& values = {})
      : layout(where), rows(row_count), columns(column_count) {
    const std::int64_t size = where.offset + (rows - 1) * stride() + columns;
    std::vector<T> numbers(static_cast<std::size_t>(size), std::numeric_limits<T>::quiet_NaN());
    for (std::size_t i = 0; i < values.size(); ++i)
      numbers[static_cast<std::size_t>(place(static_cast<std::int64_t>(i)))] =
          static_cast<T>(values[i]);
    memory = test.device(numbers);
  }

  std::int64_t stride() const { return columns + layout.gap; }
  std::int64_t place(std::int64_t i) const {
    return layout.offset + i / columns * stride() + i % columns;
  }
  Matrix matrix() const {
    return {reinterpret_cast<std::byte*>(memory.data() + layout.offset), rows, columns, stride(),
            sizeof(T) == 8 ? Element::float64 : Element::float32};
  }
  /// Its numbers without gaps. What lies around them must still be NaN.
  std::vector<double> numbers(const CudaTest& test) const {
    std::vector<T> all = test.host(memory);
    std::vector<double> inside;
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      T& number = all[static_cast<std::size_t>(place(i))];
      inside.push_back(static_cast<double>(number));
      number = std::numeric_limits<T>::quiet_NaN();
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!std::isnan(all[i])) ADD_FAILURE() << "something was written at " << i;
    return inside;
  }
};

/// Bits can be compared, NaN too.
inline std::vector<std::uint64_t> bits_of(const std::vector<double>& numbers) {
  std::vector<std::uint64_t> bits;
  for (const double number : numbers) bits.push_back(std::bit_cast<std::uint64_t>(number));
  return bits;
}

/// What run(layout) gives: with accesses of 16 bytes and without, in five orders of threads and
/// blocks, always the same bits.
template <class Run>
std::vector<double> same_in_every_order(Run run) {
  constexpr Layout layouts[] = {{0, 0}, {0, 4}, {1, 3}, {4, 0}, {0, 1}};
  std::vector<double> first;
  for (unsigned order = 0; order < 5; ++order) {
    emulation::set_order(order);
    const std::vector<double> result = run(layouts[order]);
    if (order == 0) first = result;
    EXPECT_EQ(bits_of(result), bits_of(first)) << "in order " << order;
  }
  return first;
}

/// Numbers that are what they are in T, too.
template <class T>
std::vector<double> rounded(std::vector<double> numbers) {
  for (double& number : numbers) number = static_cast<double>(static_cast<T>(number));
  return numbers;
}

template <class T>
constexpr double tolerance_of(double float32, double float64) {
  return sizeof(T) == 8 ? float64 : float32;
}

}  // namespace headsweep
