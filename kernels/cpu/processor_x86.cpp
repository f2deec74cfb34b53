#include "kernels/cpu/processor.h"

namespace headsweep::cpu {

std::string processor_level() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                  __builtin_cpu_supports("bmi2") != 0;
  const bool v4 =
      v3 && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  return v4 ? "x86-64-v4" : v3 ? "x86-64-v3" : "x86-64";
}

}  // namespace headsweep::cpu
