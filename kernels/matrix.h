// Arrays and matrices in a device's memory. What a device computes with, float32 or float64, is
// known to its backend alone: on the host real numbers are float64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace headsweep {

/// An array of integers, masks or results in the device's memory; copies share it.
template <class T>
struct Array {
  std::shared_ptr<void> owner;
  std::int64_t size = 0;

  T* data() const { return static_cast<T*>(owner.get()); }
};

/// How a device holds a real number.
enum class Element { float32, float64 };

constexpr std::int64_t bytes_of(Element element) { return element == Element::float32 ? 4 : 8; }

/// Real numbers in the device's memory; copies share them.
struct Numbers {
  std::shared_ptr<void> owner;
  std::int64_t size = 0;
  Element element = Element::float32;

  std::byte* data() const { return static_cast<std::byte*>(owner.get()); }
  std::int64_t bytes() const { return size * bytes_of(element); }
};

/// A row-major matrix of real numbers in the device's memory, not owned. `stride` elements lie
/// between the starts of two rows.
struct Matrix {
  std::byte* data = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;
  Element element = Element::float32;

  Matrix part_of_rows(std::int64_t first, std::int64_t count) const {
    return {data + first * stride * bytes_of(element), count, columns, stride, element};
  }
  Matrix part_of_columns(std::int64_t first, std::int64_t count) const {
    return {data + first * bytes_of(element), rows, count, stride, element};
  }
};

inline Matrix as_matrix(const Numbers& numbers, std::int64_t rows, std::int64_t columns) {
  return {numbers.data(), rows, columns, columns, numbers.element};
}

/// The same with a cache line between rows, for what is multiplied: rows a power of two apart would
/// fall on the same few places of a processor's first cache. There are rows * (columns + row_gap)
/// numbers.
constexpr std::int64_t row_gap = 16;
inline Matrix as_spaced_matrix(const Numbers& numbers, std::int64_t rows, std::int64_t columns) {
  return {numbers.data(), rows, columns, columns + row_gap, numbers.element};
}

}  // namespace headsweep
