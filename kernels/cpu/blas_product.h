// Matrix products in float64 through OpenBLAS, on every processor.
#pragma once

#include <string>
#include <vector>

#include "kernels/cpu/panels.h"

namespace headsweep::cpu {

class BlasProducts : public PanelPacking<double> {
 public:
  BlasProducts();

  /// `weight` is one that packed_weight() gave.
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  /// "OpenBLAS 0.3.21".
  static std::string description();
  /// The processor whose loops OpenBLAS has chosen: "OpenBLAS SkylakeX".
  static std::string bits_depend_on();

 private:
  std::vector<double> in_;  // (whole blocks of rows, inputs)
};

}  // namespace headsweep::cpu
