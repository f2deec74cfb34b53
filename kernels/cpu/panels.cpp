#include "kernels/cpu/panels.h"

#include <algorithm>
#include <cassert>

namespace headsweep::cpu {

std::int64_t packed_panels_bytes(std::int64_t inputs, std::int64_t outputs) {
  constexpr auto float_bytes = static_cast<std::int64_t>(sizeof(float)),
                 double_bytes = static_cast<std::int64_t>(sizeof(double));
  return panel_count(outputs) * panel_columns * (inputs * float_bytes + double_bytes);
}

void pack_panels(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory) {
  assert(static_cast<std::int64_t>(weight.size()) == inputs * outputs);
  auto* const panels = static_cast<float*>(memory);
#pragma omp parallel for schedule(static)
  for (std::int64_t panel = 0; panel < panel_count(outputs); ++panel) {
    const std::int64_t column = panel * panel_columns;
    const std::int64_t columns = std::min(panel_columns, outputs - column);
    float* to = panels + column * inputs;
    for (std::int64_t i = 0; i < inputs; ++i, to += panel_columns) {
      const float* from = weight.data() + i * outputs + column;
      if (columns == panel_columns) {  // of a fixed length, the copy is a few moves
        std::copy_n(from, panel_columns, to);
      } else {
        std::fill(std::copy_n(from, columns, to), to + panel_columns, 0.0f);
      }
    }
  }
  const std::int64_t columns = panel_count(outputs) * panel_columns;
  auto* const padded_bias = reinterpret_cast<double*>(panels + inputs * columns);
  std::fill(std::copy(bias.begin(), bias.end(), padded_bias), padded_bias + columns, 0.0);
}

}  // namespace headsweep::cpu
