// A CPU backend for tests, and host arrays on it.
#pragma once

#include <memory>

#include "kernels/cpu/cpu_backend.h"
#include "tests/reference.h"

namespace headsweep {

struct CpuTest : testing::Test {
  std::unique_ptr<Backend> backend = cpu::make_backend(0);

  template <class T>
  Array<T> device(const std::vector<T>& values) {
    return to_device(*backend, std::span<const T>(values));
  }
  std::vector<float> host(const Array<float>& array) {
    return to_host(*backend, array.data(), array.size);
  }
};

}  // namespace headsweep
