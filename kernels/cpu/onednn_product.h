// Matrix products with packed weights through oneDNN: on every processor, for every shape, and on
// each rung that has float32 sums. For bfloat16 it takes a processor's tiles (AMX) where there are.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/backend.h"
#include "kernels/rung.h"

namespace headsweep::cpu {

class OneDnnBlocks;

/// Packing as in Backend.
class OneDnnProducts {
 public:
  using Number = float;

  /// `rung`: bf16, bf16x3 or fp32.
  explicit OneDnnProducts(Rung rung);
  ~OneDnnProducts();

  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs);
  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory);
  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs, std::int64_t outputs);
  /// `weight` is one that this object's packed_weight() gave.
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  /// "oneDNN 2.6.3", "oneDNN 2.6.3 in bf16x3".
  std::string description() const;
  /// It lays weights out as it likes best on the processor, for both rungs of bfloat16 alike.
  std::string weight_form() const;
  /// In bfloat16 the instructions that it takes: "AMX oneDNN 2.6.3".
  std::string bits_depend_on() const;

 private:
  Rung rung_;
  std::unique_ptr<OneDnnBlocks> blocks_;
};

}  // namespace headsweep::cpu
