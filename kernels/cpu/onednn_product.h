// Matrix products with packed weights through oneDNN: on every processor, and for every shape.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/backend.h"

namespace headsweep::cpu {

/// In float32. Packing as in Backend.
class OneDnnProducts {
 public:
  using Number = float;

  OneDnnProducts();
  ~OneDnnProducts();

  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs);
  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory);
  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs, std::int64_t outputs);
  /// `weight` is one that this object's packed_weight() gave.
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  /// "oneDNN 2.6.3".
  static std::string description();
  /// It lays weights out as it likes best on the processor.
  static std::string weight_form();
  static std::string bits_depend_on() { return ""; }

 private:
  struct Primitives;
  std::unique_ptr<Primitives> primitives_;
};

}  // namespace headsweep::cpu
