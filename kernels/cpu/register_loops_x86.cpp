#include <immintrin.h>

#include "kernels/cpu/processor.h"
#include "kernels/cpu/register_loops.h"

namespace headsweep::cpu {
namespace {

// With 32 registers, and with 16.
constexpr int many_chains = 24, few_chains = 12;

typedef float Floats64 [[gnu::vector_size(64)]];
typedef double Doubles64 [[gnu::vector_size(64)]];
typedef float Floats32 [[gnu::vector_size(32)]];
typedef double Doubles32 [[gnu::vector_size(32)]];
typedef float Floats16 [[gnu::vector_size(16)]];
typedef double Doubles16 [[gnu::vector_size(16)]];

[[gnu::target("avx512f")]] double float32_512(std::int64_t steps) {
  return multiply_and_add<Floats64, many_chains>(steps);
}
[[gnu::target("avx512f")]] double float64_512(std::int64_t steps) {
  return multiply_and_add<Doubles64, many_chains>(steps);
}
[[gnu::target("avx2,fma")]] double float32_256(std::int64_t steps) {
  return multiply_and_add<Floats32, few_chains>(steps);
}
[[gnu::target("avx2,fma")]] double float64_256(std::int64_t steps) {
  return multiply_and_add<Doubles32, few_chains>(steps);
}
double float32_128(std::int64_t steps) { return multiply_and_add<Floats16, few_chains>(steps); }
double float64_128(std::int64_t steps) { return multiply_and_add<Doubles16, few_chains>(steps); }

[[gnu::target("avx512f,avx512bw,avx512bf16")]] double bfloat16_512(std::int64_t steps) {
  volatile int start = 0x3f003f00;
  const auto pairs = reinterpret_cast<__m512bh>(_mm512_set1_epi32(start));
  __m512 sums[many_chains];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 32
    for (int i = 0; i < many_chains; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], pairs, pairs);
  }
  __m512 total = sums[0];
  for (int i = 1; i < many_chains; ++i) total = _mm512_add_ps(total, sums[i]);
  start = static_cast<int>(_mm512_cvtss_f32(total));
  return 64.0 * many_chains * static_cast<double>(steps);
}

}  // namespace

RegisterLoops register_loops() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") != 0)
    return {float32_512, float64_512, has_avx512_bf16() ? bfloat16_512 : nullptr};
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0)
    return {float32_256, float64_256};
  return {float32_128, float64_128};
}

}  // namespace headsweep::cpu
