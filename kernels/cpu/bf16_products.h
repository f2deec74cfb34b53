// The own matrix products of the rungs bf16 and bf16x3, spread over threads.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/cpu/bf16_panel_product.h"
#include "kernels/rung.h"

namespace headsweep::cpu {

/// On processors for which bf16_panels_usable(). Packing as in Backend. bf16x3 saves nothing over
/// fp32 here: three dot products of pairs take the time of one and a half float32 ones
/// (tests/bench/README.md).
class Bf16PanelProducts {
 public:
  using Number = float;

  /// `rung`: bf16 or bf16x3.
  explicit Bf16PanelProducts(Rung rung);

  static std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs);
  static void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                        std::span<const double> bias, void* memory);
  static Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                              std::int64_t outputs);
  /// `weight` is one that packed_weight() gave.
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  /// "panel products in bf16x3".
  std::string description() const;
  static std::string weight_form() { return "bfloat16 panels of 32 columns, high and low parts"; }
  static std::string bits_depend_on() { return "AVX512-BF16"; }

 private:
  Rung rung_;
  std::vector<Bf16Pair> rows_;  // the input, rounded or split
};

}  // namespace headsweep::cpu
