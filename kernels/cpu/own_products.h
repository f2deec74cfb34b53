// The own matrix products, spread over threads.
#pragma once

#include <string>

#include "kernels/cpu/panels.h"

namespace headsweep::cpu {

/// In T, float or double, on processors for which panels_usable().
template <class T>
class OwnProducts : public PanelPacking<T> {
 public:
  /// `weight` is one that packed_weight() gave.
  void multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out);

  static std::string description() { return "AVX-512 panel products"; }
  static std::string bits_depend_on() { return ""; }
};

}  // namespace headsweep::cpu
