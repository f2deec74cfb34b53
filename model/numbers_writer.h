// Brings real numbers to a device piece by piece, so that the host never holds all of them.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kernels/backend.h"

namespace headsweep {

class NumbersWriter {
 public:
  /// Of `size` numbers.
  NumbersWriter(Backend& backend, std::int64_t size)
      : backend_(backend), numbers_(allocate_numbers(backend, size)) {}

  void add(double number) {
    if (std::ssize(piece_) == piece_size) write();
    piece_.push_back(number);
  }

  /// When all have been added.
  Numbers done() {
    write();
    assert(written_ == numbers_.size);
    return std::move(numbers_);
  }

 private:
  static constexpr std::int64_t piece_size = 1 << 18;

  /// Rounded to what the backend computes with.
  void write() {
    std::byte* const to = numbers_.data() + written_ * bytes_of(numbers_.element);
    if (numbers_.element == Element::float64) {
      backend_.copy_to_device(std::as_bytes(std::span(piece_)), to);
    } else {
      const std::vector<float> rounded(piece_.begin(), piece_.end());
      backend_.copy_to_device(std::as_bytes(std::span(rounded)), to);
    }
    written_ += std::ssize(piece_);
    piece_.clear();
  }

  Backend& backend_;
  Numbers numbers_;
  std::vector<double> piece_;
  std::int64_t written_ = 0;
};

}  // namespace headsweep
