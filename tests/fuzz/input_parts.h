// Several texts in one input, for what is read from several files.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace headsweep {

/// The input cut at lines of "===": as many parts as asked for, the last of them with all the rest;
/// those that it does not have are empty.
template <std::size_t count>
std::array<std::string_view, count> parts_of(std::string_view input) {
  constexpr std::string_view separator = "\n===\n";
  std::array<std::string_view, count> parts;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = i + 1 < count ? input.find(separator) : input.npos;
    parts[i] = input.substr(0, end);
    input = end == input.npos ? std::string_view() : input.substr(end + separator.size());
  }
  return parts;
}

}  // namespace headsweep
