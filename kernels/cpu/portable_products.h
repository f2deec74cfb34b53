// Matrix products in plain C++, for every processor: what multiplies where the panels' AVX-512 is
// missing.
//
// Every element of the result is one chain of multiplications and additions over the inputs in
// order, always in tiles of one height, so that a row's bits do not depend on the other rows.
#pragma once

#include <string>

#include "kernels/cpu/panels.h"

namespace headsweep::cpu {

/// In T, float or double.
template <class T>
class PortableProducts : public PanelPacking<T> {
 public:
  /// `weight` is one that packed_weight() gave.
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  static std::string description() { return "plain C++"; }
  /// Sums of fused multiply-adds, which not every processor has, end in other bits than these.
  static std::string bits_depend_on() { return "portable products"; }

 private:
  std::vector<T> in_;  // (whole tiles of rows, inputs)
};

}  // namespace headsweep::cpu
