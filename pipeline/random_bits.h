// Numbers that look random and are the same everywhere.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace headsweep {

/// A step of splitmix64 (Steele, Lea and Flood 2014): neighbouring numbers become unrelated ones.
inline std::uint64_t random_bits(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// A stream of such numbers for each list of numbers that it begins with: (seed, template, ...).
/// The standard library's distributions differ from one library to the next; this does not.
class RandomNumbers {
 public:
  RandomNumbers(std::initializer_list<std::uint64_t> begin) {
    for (const std::uint64_t number : begin) state_ = random_bits(state_ ^ random_bits(number));
  }

  /// From 0 to count - 1, each as likely as the others.
  std::size_t below(std::size_t count) {
    // 2^64 is no multiple of most counts: numbers from the last, incomplete round are drawn again.
    const std::uint64_t incomplete = (0 - static_cast<std::uint64_t>(count)) % count;
    std::uint64_t bits = next();
    while (bits < incomplete) bits = next();
    return static_cast<std::size_t>(bits % count);
  }

  /// Fisher and Yates.
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::uint64_t next() {
    const std::uint64_t bits = random_bits(state_);
    state_ += 0x9e3779b97f4a7c15u;
    return bits;
  }

  std::uint64_t state_ = 0;
};

}  // namespace headsweep
