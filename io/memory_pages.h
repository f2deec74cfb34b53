// Which pages lie wholly inside a piece of memory: only those can be given back to the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <unistd.h>

namespace headsweep {

inline std::span<std::byte> whole_pages(std::span<const std::byte> memory) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::uintptr_t begin = (start + page - 1) / page * page,
                       end = (start + memory.size()) / page * page;
  if (begin >= end) return {};
  return {const_cast<std::byte*>(memory.data()) + (begin - start), end - begin};
}

}  // namespace headsweep
