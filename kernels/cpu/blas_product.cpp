#include "kernels/cpu/blas_product.h"

#include <algorithm>
#include <cassert>
#include <string_view>

#include <cblas.h>
#include <fmt/format.h>
#include <omp.h>

#include "kernels/cpu/epilogue.h"
#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {
namespace {

/// Everything is multiplied in blocks of one shape, dense and filled up: OpenBLAS chooses its loops
/// by shape, and with them the last bits, which must not depend on how many rows there are.
constexpr std::int64_t block_rows = 16;
/// Inputs whose weights, as float64, stay in the second cache.
constexpr std::int64_t block_inputs = 512;

std::int64_t in_whole_blocks(std::int64_t rows) {
  return (rows + block_rows - 1) / block_rows * block_rows;
}

/// How many threads may call OpenBLAS at once: its sequential build keeps no order among them.
int most_callers() {
  return openblas_get_parallel() == OPENBLAS_SEQUENTIAL ? 1 : omp_get_max_threads();
}

/// What a thread needs for the panels that it multiplies.
struct PanelScratch {
  std::vector<double> weights;  // (block_inputs, panel_columns)
  std::vector<double> sums;     // (rows in whole blocks, panel_columns)
};

/// sums = in times one panel.
void multiply_panel(TypedMatrix<const double> in, const float* panel, PanelScratch& scratch) {
  for (std::int64_t first = 0; first < in.columns; first += block_inputs) {
    const std::int64_t inputs = std::min(block_inputs, in.columns - first);
    std::copy_n(panel + first * panel_columns, inputs * panel_columns, scratch.weights.data());
    for (std::int64_t row = 0; row < in.rows; row += block_rows)
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, block_rows, panel_columns,
                  static_cast<blasint>(inputs), 1.0, in.data + row * in.stride + first,
                  static_cast<blasint>(in.stride), scratch.weights.data(), panel_columns,
                  first == 0 ? 0.0 : 1.0, scratch.sums.data() + row * panel_columns, panel_columns);
  }
}

}  // namespace

/// Each of the own threads calls OpenBLAS, which is to start none for that. Its OpenMP build starts
/// none by itself, and would set the number of the own ones.
BlasProducts::BlasProducts() {
  if (openblas_get_parallel() == OPENBLAS_THREAD) openblas_set_num_threads(1);
}

void BlasProducts::multiply(Matrix in_matrix, const Weight& weight, Epilogue epilogue,
                            Matrix out_matrix) {
  const auto in = typed<double>(in_matrix), out = typed<double>(out_matrix);
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  const std::int64_t rows = in_whole_blocks(in.rows);
  in_.assign(static_cast<std::size_t>(rows * in.columns), 0.0);
  for (std::int64_t r = 0; r < in.rows; ++r)
    std::copy_n(in.data + r * in.stride, in.columns, in_.data() + r * in.columns);
  const TypedMatrix<const double> blocks{in_.data(), rows, in.columns, in.columns};
  const PanelWeight<double> panels = panel_weight<double>(weight);
#pragma omp parallel num_threads(most_callers())
  {
    PanelScratch scratch{std::vector<double>(block_inputs * panel_columns),
                         std::vector<double>(static_cast<std::size_t>(rows * panel_columns))};
#pragma omp for schedule(static)
    for (std::int64_t panel = 0; panel < panel_count(panels.outputs); ++panel) {
      const std::int64_t column = panel * panel_columns;
      multiply_panel(blocks, panels.panels + column * panels.inputs, scratch);
      for (std::int64_t r = 0; r < in.rows; ++r)
        finish_row(scratch.sums.data() + r * panel_columns, panels.bias + column, epilogue,
                   panels.outputs - column, out.data + r * out.stride + column);
    }
  }
}

std::string BlasProducts::description() {
  const std::string_view config = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE ..."
  return std::string(config.substr(0, config.find(' ', config.find(' ') + 1)));
}

std::string BlasProducts::bits_depend_on() {
  return fmt::format("OpenBLAS {}", openblas_get_corename());
}

}  // namespace headsweep::cpu
