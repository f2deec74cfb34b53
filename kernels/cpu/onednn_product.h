// Matrix products of bfloat16 numbers with packed weights through oneDNN, which takes a processor's
// tiles (AMX) where there are. Not in float32: there its bits depend on the number of threads
// (2.6.3 with AVX2).
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

  /// `rung`: bf16 or bf16x3.
  explicit OneDnnProducts(Rung rung);
  ~OneDnnProducts();

  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs);
  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory);
  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs, std::int64_t outputs);
  /// `weight` is one that this object's packed_weight() gave.
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  /// "oneDNN 2.6.3 in bf16x3".
  std::string description() const;
  /// It lays weights out as it likes best on the processor, for both rungs of bfloat16 alike.
  std::string weight_form() const;
  /// The instructions that it takes: "AMX oneDNN 2.6.3".
  std::string bits_depend_on() const;

 private:
  Rung rung_;
  std::unique_ptr<OneDnnBlocks> blocks_;
};

}  // namespace headsweep::cpu
