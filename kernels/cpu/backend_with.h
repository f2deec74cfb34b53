// The backend for processors with one kind of matrix products.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <omp.h>

#include "kernels/backend.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/processor.h"
#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {

/// `Products` pack weights and multiply; all else is computed in their Number. They are made of
/// what follows the threads: nothing, or the rung.
template <class Products>
class BackendWith final : public Backend {
  using Number = typename Products::Number;
  static constexpr int enough_rows = 256, most_circuits = 8;  // tests/bench

 public:
  template <class... Arguments>
  explicit BackendWith(int threads, Arguments... arguments) : products_(arguments...) {
    if (threads > 0) omp_set_num_threads(threads);
  }

  DeviceInfo info() const override {
    std::string kind = fmt::format("cpu {}", processor_level());
    if (const std::string more = products_.bits_depend_on(); !more.empty()) kind += ", " + more;
    const int threads = omp_get_max_threads();
    return {kind,
            fmt::format("{}, {}{}, {} {}", kind, products_.description(),
                        element() == Element::float64 ? " in float64" : "", threads,
                        threads == 1 ? "thread" : "threads"),
            products_.weight_form(), enough_rows, most_circuits};
  }

  Element element() const override { return element_of<Number>; }

  void wait() override {}

  std::shared_ptr<void> allocate_bytes(std::int64_t bytes) override {
    return allocate_aligned(bytes);
  }

  void copy_to_device(std::span<const std::byte> host, void* device) override {
    if (!host.empty()) std::memcpy(device, host.data(), host.size());
  }

  void copy_to_host(const void* device, std::span<std::byte> host) override {
    if (!host.empty()) std::memcpy(host.data(), device, host.size());
  }

  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs) override {
    return products_.packed_bytes(inputs, outputs);
  }

  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory) override {
    products_.pack_into(weight, inputs, outputs, bias, memory);
  }

  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                       std::int64_t outputs) override {
    return products_.packed_weight(std::move(memory), inputs, outputs);
  }

  Weight part_of(const Weight&, std::span<const int>, std::span<const int>) override { return {}; }

  void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) override {
    products_.multiply(in, weight, epilogue, out);
  }

  void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out) override {
    cpu::layer_norm<Number>(in, scale, epsilon, out);
  }

  void rotate(int heads, Matrix table, const int* position, Matrix x) override {
    cpu::rotate<Number>(heads, table, position, x);
  }

  void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
                 const HeadFill& fill, Matrix z) override {
    cpu::attention<Number>(sequences, heads, queries, q, k, v, z);
    if (fill.keep != nullptr) cpu::replace_heads<Number>(fill, z, z);
  }

  void replace_heads(const HeadFill& fill, Matrix from, Matrix to) override {
    cpu::replace_heads<Number>(fill, from, to);
  }
  void add_rows(Matrix values, const int* row, Matrix x) override {
    cpu::add_rows<Number>(values, row, x);
  }
  void gather_rows(Matrix in, const int* row, Matrix out) override {
    cpu::gather_rows<Number>(in, row, out);
  }
  void row_dots(Matrix a, Matrix b, double* out) override { cpu::row_dots<Number>(a, b, out); }

 private:
  Products products_;
};

}  // namespace headsweep::cpu
