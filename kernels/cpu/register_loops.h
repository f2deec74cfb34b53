// Loops that compute with registers alone, as fast as this processor can: for machine_limits.h.
#pragma once

#include <cstdint>

namespace headsweep::cpu {

/// Runs so many steps of the loop and returns how many floating-point operations that were.
using RegisterLoop = double (*)(std::int64_t steps);

struct RegisterLoops {
  RegisterLoop float32, float64;
  RegisterLoop bfloat16 = nullptr;  // null: this processor has no dot products of them
};

/// With this processor's widest vectors.
RegisterLoops register_loops();

/// Independent chains of multiply-adds, enough to keep the units busy; the compiler turns each
/// Vector into a register of the function that this is inlined into.
template <class Vector, int chains>
[[gnu::always_inline]] inline double multiply_and_add(std::int64_t steps) {
  using Number = decltype(Vector{}[0] + 0);
  volatile Number start = Number{0.5};
  const Number seed = start;
  const Vector factor = Vector{} + seed, addend = Vector{} + seed;
  Vector sums[chains];
  for (Vector& sum : sums) sum = Vector{} + seed;
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 32
    for (int i = 0; i < chains; ++i) sums[i] = factor * addend + sums[i];
  }
  Vector total = sums[0];
  for (int i = 1; i < chains; ++i) total += sums[i];
  start = total[0];
  constexpr int lanes = sizeof(Vector) / sizeof(Number);
  return 2.0 * lanes * chains * static_cast<double>(steps);
}

}  // namespace headsweep::cpu
