// Causal attention over packed sequences, on float and on double.
#pragma once

#include "kernels/backend.h"

namespace headsweep::cpu {

template <class T>
void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
               Matrix z);

}  // namespace headsweep::cpu
