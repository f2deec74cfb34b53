// What this processor can do.
#pragma once

#include <string>

namespace headsweep::cpu {

/// The generation of vector units: "x86-64-v4", "x86-64-v3", "x86-64"; elsewhere the architecture's
/// name. The loops are compiled for each and chosen at run time, and sums over vectors of another
/// length end in other bits.
std::string processor_level();

/// Dot products of bfloat16 numbers in vector registers.
bool has_avx512_bf16();

/// Products of bfloat16 tiles, which the system lets processes use.
bool has_amx_bf16();

}  // namespace headsweep::cpu
