#include <cstdint>

#include <cpuid.h>

#include "kernels/cpu/processor.h"

namespace headsweep::cpu {
namespace {

/// The register parts that the system saves; only where cpuid says that it may be asked.
std::uint32_t saved_state() {
  std::uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

std::string processor_level() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                  __builtin_cpu_supports("bmi2") != 0;
  const bool v4 =
      v3 && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  return v4 ? "x86-64-v4" : v3 ? "x86-64-v3" : "x86-64";
}

bool has_avx512_bf16() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512bf16") != 0;
}

// g++ 12 has no name for AMX.
bool has_amx_bf16() {
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  constexpr std::uint32_t xsave_in_use = 1u << 27, amx_bf16_and_tile = 1u << 22 | 1u << 24,
                          tile_state = 1u << 17 | 1u << 18;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & xsave_in_use) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  return (d & amx_bf16_and_tile) == amx_bf16_and_tile && (saved_state() & tile_state) == tile_state;
}

}  // namespace headsweep::cpu
