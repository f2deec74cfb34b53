// What a kernel's body may use: qualifiers, its place in the grid, barriers, exchanges within a
// warp, exact arithmetic.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <vector_types.h>

#define __global__
#define __device__
#define __host__
#define __shared__
#define __constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))

// Of the thread that runs: set by the emulation whenever it goes on to another.
extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;
constexpr int warpSize = 32;

void __syncthreads();

namespace emulation {

enum class WarpCall : unsigned char {
  none,
  sync,
  shuffle,
  shuffle_up,
  shuffle_down,
  shuffle_xor,
  ballot
};

// Waits for all lanes of `mask`; `value` is this lane's contribution, `argument` CUDA's lane, delta
// or lane mask. Returns the value of the lane that this one asked for, or, for a ballot, the lanes
// whose value is not 0.
std::uint64_t exchange(WarpCall call, unsigned mask, std::uint64_t value, int argument, int width);

template <class T>
T shuffle(WarpCall call, unsigned mask, T value, int argument, int width) {
  static_assert(std::is_arithmetic_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = exchange(call, mask, bits, argument, width);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace emulation

inline void __syncwarp(unsigned mask = 0xffffffffU) {
  emulation::exchange(emulation::WarpCall::sync, mask, 0, 0, warpSize);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = warpSize) {
  return emulation::shuffle(emulation::WarpCall::shuffle, mask, value, lane, width);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = warpSize) {
  return emulation::shuffle(emulation::WarpCall::shuffle_up, mask, value, static_cast<int>(delta),
                            width);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = warpSize) {
  return emulation::shuffle(emulation::WarpCall::shuffle_down, mask, value, static_cast<int>(delta),
                            width);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = warpSize) {
  return emulation::shuffle(emulation::WarpCall::shuffle_xor, mask, value, lane_mask, width);
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(
      emulation::exchange(emulation::WarpCall::ballot, mask, predicate != 0 ? 1 : 0, 0, warpSize));
}
inline int __any_sync(unsigned mask, int predicate) {
  return __ballot_sync(mask, predicate) != 0 ? 1 : 0;
}
inline int __all_sync(unsigned mask, int predicate) {
  return __ballot_sync(mask, predicate) == mask ? 1 : 0;
}

// Rounded once each. (With -std=c++20 g++ contracts nothing anyway.)
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }
inline float rsqrtf(float a) { return 1.0F / std::sqrt(a); }
inline double rsqrt(double a) { return 1.0 / std::sqrt(a); }
template <class T>
T __ldg(const T* address) {
  return *address;
}
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline float __int_as_float(int bits) { return std::bit_cast<float>(bits); }
inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline int __float_as_int(float value) { return std::bit_cast<int>(value); }
