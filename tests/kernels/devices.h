// Every device that a test of backends runs on: this processor with each of its products, and a GPU
// on each rung. Without a GPU its tests are skipped; with HEADSWEEP_REQUIRE_GPU=1 they fail.
#pragma once

#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/cuda_plugin.h"
#include "kernels/device_error.h"
#include "tests/reference.h"

namespace headsweep {

/// A precision, and who multiplies in it: the processor's products, or (nullopt) a GPU.
struct Products {
  Rung rung;
  std::optional<cpu::ProductKind> kind;

  bool on_gpu() const { return !kind; }
};

/// All that this processor can run.
inline std::vector<Products> cpu_products() {
  std::vector<Products> all;
  for (const Rung rung : cpu::available_rungs())
    for (const cpu::ProductKind kind : cpu::product_kinds(rung)) all.push_back({rung, kind});
  return all;
}

inline std::vector<Products> all_products() {
  std::vector<Products> all = cpu_products();
  for (const Rung rung : {Rung::bf16, Rung::bf16x3, Rung::fp32, Rung::fp64})
    all.push_back({rung, std::nullopt});
  return all;
}

/// One for each rung of each device.
inline auto every_rung() {
  std::vector<Products> all;
  for (const Products& products : all_products())
    if (products.on_gpu() || products.kind == cpu::product_kinds(products.rung).front())
      all.push_back(products);
  return testing::ValuesIn(all);
}

inline std::string name_of(const Products& products) {
  const char* kind = products.on_gpu()                             ? "cuda"
                     : products.kind == cpu::ProductKind::panels   ? "own"
                     : products.kind == cpu::ProductKind::portable ? "portable"
                                                                   : "onednn";
  return std::string(name_of(products.rung)) + "_" + kind;
}

struct BackendTest {
  Rung rung;
  std::unique_ptr<Backend> backend;  // nullptr: there is no GPU,
  std::string why_not;               // for this reason

  explicit BackendTest(const Products& products, int threads = 0) : rung(products.rung) {
    if (products.kind) {
      backend = cpu::make_backend(threads, rung, *products.kind);
      return;
    }
    const LoadedPlugin& plugin = cuda_plugin();
    why_not = plugin.reason;
    if (plugin.functions == nullptr) return;
    try {
      plugin.functions->find_gpus();
    } catch (const DeviceError& error) {
      why_not = error.what();
      return;
    }
    backend = plugin.functions->make_backend(0, rung, 0);
  }

  // Empty if there is no GPU, since tests fill their members before they are skipped.
  Numbers device(const std::vector<double>& values) const {
    return backend ? to_device(*backend, values) : Numbers();
  }
  template <class T>
  Array<T> device(const std::vector<T>& values) const {
    return backend ? to_device(*backend, std::span<const T>(values)) : Array<T>();
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

/// Tests with a parameter: Products, or a tuple that has one.
template <class Parameter>
class DeviceTest : public testing::TestWithParam<Parameter>, public BackendTest {
 protected:
  DeviceTest() : BackendTest(products_of(this->GetParam())) {}

  void SetUp() override {
    if (backend) return;
    const char* required = std::getenv("HEADSWEEP_REQUIRE_GPU");
    if (required != nullptr && std::string_view(required) == "1") FAIL() << why_not;
    GTEST_SKIP() << "no GPU: " << why_not;
  }

  static const Products& products_of(const Products& products) { return products; }
  template <class... Parts>
  static const Products& products_of(const std::tuple<Parts...>& parts) {
    return std::get<Products>(parts);
  }
};

/// Tests of what is not a matrix product, in every precision.
using EveryRung = DeviceTest<Products>;

}  // namespace headsweep
