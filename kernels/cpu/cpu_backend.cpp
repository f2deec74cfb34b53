#include "kernels/cpu/cpu_backend.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <omp.h>

#include "kernels/cpu/attention.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/processor.h"

namespace headsweep::cpu {
namespace {

class CpuBackend final : public Backend {
 public:
  CpuBackend(int threads, ProductKind products) : products_(products) {
    if (threads > 0) omp_set_num_threads(threads);
  }

  DeviceInfo info() const override {
    const std::string kind = fmt::format("cpu {}", processor_level());
    const int threads = omp_get_max_threads();
    return {kind, fmt::format("{}, {}, {} {}", kind, products_.description(), threads,
                              threads == 1 ? "thread" : "threads")};
  }

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
                 std::span<const float> bias, void* memory) override {
    products_.pack_into(weight, inputs, outputs, bias, memory);
  }

  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                       std::int64_t outputs) override {
    return products_.packed_weight(std::move(memory), inputs, outputs);
  }

  void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) override {
    products_.multiply(in, weight, epilogue, out);
  }

  void layer_norm(Matrix in, double epsilon, Matrix out) override {
    cpu::layer_norm(in, epsilon, out);
  }

  void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
                 Matrix z) override {
    cpu::attention(sequences, heads, queries, q, k, v, z);
  }

  void replace_heads(const HeadFill& fill, Matrix from, Matrix to) override {
    cpu::replace_heads(fill, from, to);
  }
  void add_rows(Matrix values, const int* row, Matrix x) override { cpu::add_rows(values, row, x); }
  void gather_rows(Matrix in, const int* row, Matrix out) override {
    cpu::gather_rows(in, row, out);
  }
  void row_dots(Matrix a, Matrix b, double* out) override { cpu::row_dots(a, b, out); }

 private:
  MatrixProducts products_;
};

}  // namespace

std::unique_ptr<Backend> make_backend(int threads, ProductKind products) {
  return std::make_unique<CpuBackend>(threads, products);
}

}  // namespace headsweep::cpu
