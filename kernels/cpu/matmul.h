// Matrix products with packed weights: the own ones where the processor can run them, else
// oneDNN's.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/backend.h"
#include "kernels/cpu/onednn_product.h"

namespace headsweep::cpu {

enum class ProductKind { panels, onednn };

/// What this processor runs fastest.
ProductKind fastest_products();

/// Packing as in Backend.
class MatrixProducts {
 public:
  explicit MatrixProducts(ProductKind kind) : kind_(kind) {}

  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs);
  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const float> bias, void* memory);
  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs, std::int64_t outputs);
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  std::string description() const;

 private:
  ProductKind kind_;
  OneDnnProducts onednn_;
};

}  // namespace headsweep::cpu
