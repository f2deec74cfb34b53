#include "kernels/cpu/memory.h"

#include <cstddef>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace headsweep::cpu {
namespace {

constexpr std::size_t cache_line = 64;
constexpr std::size_t huge_page = std::size_t{2} << 20;

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

std::shared_ptr<void> allocate_aligned(std::int64_t bytes) {
  const auto wanted = static_cast<std::size_t>(bytes > 0 ? bytes : 1);
  const bool large = wanted >= 2 * huge_page;
  const std::size_t unit = large ? huge_page : cache_line;
  void* memory = nullptr;
  if (posix_memalign(&memory, unit, round_up(wanted, cache_line)) != 0) throw std::bad_alloc();
  // A hint: where the system has no huge pages, nothing is lost.
  if (large) madvise(memory, wanted / huge_page * huge_page, MADV_HUGEPAGE);
  return {memory, std::free};
}

}  // namespace headsweep::cpu
