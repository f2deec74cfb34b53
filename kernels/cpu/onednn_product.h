// Matrix products with packed weights through oneDNN: on every processor, and for every shape.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/backend.h"

namespace headsweep::cpu {

class OneDnnProducts {
 public:
  OneDnnProducts();
  ~OneDnnProducts();

  Weight pack(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
              std::span<const float> bias);
  /// `weight` is one that this object packed.
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  /// "oneDNN 2.6.3".
  static std::string description();

 private:
  struct Primitives;
  std::unique_ptr<Primitives> primitives_;
};

}  // namespace headsweep::cpu
