// Matrix products with packed weights, through oneDNN. The only home of oneDNN's headers is this folder.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/backend.h"

namespace headsweep::cpu {

class MatrixProducts {
 public:
  MatrixProducts();
  ~MatrixProducts();

  Weight pack(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs, std::span<const float> bias);
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  /// "oneDNN 2.6.3, avx512_core".
  static std::string description();

 private:
  struct Primitives;
  std::unique_ptr<Primitives> primitives_;
};

}  // namespace headsweep::cpu
