#include "model/attention_benchmark.h"

namespace headsweep {

std::vector<AttentionTime> time_attention(const Gpu& gpu, Rung rung, const LayerShape& shape) {
  constexpr int rows_of_all = 2048;
  std::vector<AttentionTime> times;
  for (const int rows : {64, 128, 256, 384, 512, 768, 1024}) {
    const int sequences = rows_of_all / rows;
    const AttentionTimes both = cuda_plugin().functions->time_attention(
        gpu.number, rung, {sequences, rows, shape.heads, shape.d_model / shape.heads});
    times.push_back({name_of(rung), rows, sequences, both.own_seconds, both.library_seconds});
  }
  return times;
}

int measured_crossover(std::span<const AttentionTime> times) {
  int crossover = 0;
  for (auto each = times.rbegin(); each != times.rend(); ++each) {
    if (each->library_seconds >= each->own_seconds) break;
    crossover = each->rows;
  }
  return crossover;
}

}  // namespace headsweep
