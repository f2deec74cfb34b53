// Every one of so many heads, rows or decisions, by number.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace headsweep {

/// 0, 1, ... count - 1.
inline std::vector<int> numbers_below(std::int64_t count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

}  // namespace headsweep
