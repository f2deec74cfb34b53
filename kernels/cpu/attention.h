// Causal attention over packed sequences.
#pragma once

#include "kernels/backend.h"

namespace headsweep::cpu {

void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
               Matrix z);

}  // namespace headsweep::cpu
