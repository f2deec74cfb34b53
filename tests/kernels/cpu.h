// A CPU backend for tests, and host arrays on it.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/cpu_backend.h"
#include "tests/reference.h"

namespace headsweep {

/// A precision, and who multiplies in it.
struct Products {
  Rung rung;
  cpu::ProductKind kind;
};

/// All that this processor can run.
inline std::vector<Products> all_products() {
  std::vector<Products> all;
  for (const Rung rung : cpu::available_rungs())
    for (const cpu::ProductKind kind : cpu::product_kinds(rung)) all.push_back({rung, kind});
  return all;
}

inline std::string name_of(const Products& products) {
  const char* kind = products.kind == cpu::ProductKind::panels   ? "own"
                     : products.kind == cpu::ProductKind::onednn ? "onednn"
                                                                 : "blas";
  return std::string(name_of(products.rung)) + "_" + kind;
}

struct CpuTest {
  Rung rung;
  std::unique_ptr<Backend> backend;

  explicit CpuTest(Rung given) : rung(given), backend(cpu::make_backend(0, given)) {}
  explicit CpuTest(const Products& products, int threads = 0)
      : rung(products.rung), backend(cpu::make_backend(threads, products.rung, products.kind)) {}

  Numbers device(const std::vector<double>& values) const { return to_device(*backend, values); }
  template <class T>
  Array<T> device(const std::vector<T>& values) const {
    return to_device(*backend, std::span<const T>(values));
  }
  Numbers numbers(std::int64_t size) const { return allocate_numbers(*backend, size); }
  std::vector<double> host(const Numbers& numbers) const { return to_host(*backend, numbers); }

  /// The one that belongs to what the backend computes with.
  double tolerance(double float32, double float64) const {
    return backend->element() == Element::float64 ? float64 : float32;
  }

  /// For a product with `inputs` terms of a size below one.
  double product_tolerance(std::int64_t inputs) const {
    const auto terms = static_cast<double>(inputs);
    switch (rung) {
      case Rung::bf16:  // eight significant bits, whose errors seldom add up
        return std::ldexp(std::sqrt(terms), -7);
      case Rung::bf16x3:
        return std::ldexp(std::sqrt(terms), -15);
      case Rung::fp32:
        return 1e-6 * terms + 1e-5;
      case Rung::fp64:
        break;
    }
    return 1e-15 * terms + 1e-14;
  }
};

/// Tests of what is not a matrix product, in every precision.
struct EveryRung : testing::TestWithParam<Rung>, CpuTest {
  EveryRung() : CpuTest(GetParam()) {}
};

inline auto every_rung() { return testing::ValuesIn(cpu::available_rungs()); }

}  // namespace headsweep
