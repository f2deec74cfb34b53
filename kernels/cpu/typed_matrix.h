// A matrix whose element is known: what the loops of the CPU backend run over.
#pragma once

#include <cassert>
#include <cstdint>
#include <type_traits>

#include "kernels/matrix.h"

namespace headsweep::cpu {

template <class T>
struct TypedMatrix {
  T* data = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;

  TypedMatrix part_of_rows(std::int64_t first, std::int64_t count) const {
    return {data + first * stride, count, columns, stride};
  }
};

template <class T>
constexpr Element element_of = std::is_same_v<T, double> ? Element::float64 : Element::float32;

template <class T>
TypedMatrix<T> typed(Matrix matrix) {
  assert(matrix.element == element_of<T>);
  return {reinterpret_cast<T*>(matrix.data), matrix.rows, matrix.columns, matrix.stride};
}

}  // namespace headsweep::cpu
