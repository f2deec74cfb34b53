// Times a GPU's two ways of attention against each other: where the one for long sequences begins
// to be faster.
#pragma once

#include <span>
#include <vector>

#include "io/kernel_times.h"
#include "kernels/cuda_plugin.h"
#include "kernels/rung.h"
#include "model/kernel_benchmark.h"

namespace headsweep {

/// Sequences of 64 to 1,024 rows (GPT-2's most), as many as a full wave has rows for.
std::vector<AttentionTime> time_attention(const Gpu& gpu, Rung rung, const LayerShape& shape);

/// The shortest of the lengths from which on the libraries are faster at every one; 0: none.
/// `times` by length, the shortest first.
int measured_crossover(std::span<const AttentionTime> times);

}  // namespace headsweep
