// The precisions in which a backend can compute: the rungs of the ladder that decisions climb.
#pragma once

namespace headsweep {

/// From the cheapest to the most exact. Only matrix products are done in less than float32: layer
/// norm, softmax, GELU and the residual stream are float32 on the rungs below fp64.
enum class Rung {
  bf16,    // operands rounded to bfloat16, sums in float32
  bf16x3,  // each operand the sum of a high and a low bfloat16, three products, sums in float32
  fp32,
  fp64,  // everything
};

inline const char* name_of(Rung rung) {
  switch (rung) {
    case Rung::bf16:
      return "bf16";
    case Rung::bf16x3:
      return "bf16x3";
    case Rung::fp32:
      return "fp32";
    case Rung::fp64:
      break;
  }
  return "fp64";
}

}  // namespace headsweep
