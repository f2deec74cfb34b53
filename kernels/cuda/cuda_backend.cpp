#include "kernels/cuda/cuda_backend.h"

#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "kernels/cuda/device.h"
#include "kernels/cuda/libraries.h"
#include "kernels/cuda/mixed_attention.h"
#include "kernels/cuda/products.h"
#include "kernels/cuda/rows.h"

namespace headsweep::cuda {
namespace {

template <class Number>
constexpr Element element_of() {
  return std::is_same_v<Number, double> ? Element::float64 : Element::float32;
}

/// Operations are asked for, not done: see Device. All but products are computed in Number.
template <class Number>
class CudaBackend final : public Backend {
 public:
  CudaBackend(std::shared_ptr<Device> device, Rung rung)
      : device_(std::move(device)),
        products_(device_, rung),
        attention_(device_, element_of<Number>()) {}

  DeviceInfo info() const override {
    const Gpu& gpu = device_->gpu();
    const std::string kind = fmt::format("cuda {} {}, {}", gpu.name, gpu.generation, libraries());
    return {.kind = kind,
            .description = fmt::format("{}, GPU {} at {}", kind, gpu.number, gpu.identity),
            .weight_form = "cuda float32",
            .enough_rows = 2048,
            .most_circuits = 32,
            .memory = Memory::device,
            .long_rows = long_rows,
            .long_rows_bytes = LongAttention::most_workspace_bytes};
  }

  Element element() const override { return element_of<Number>(); }

  std::shared_ptr<void> allocate_bytes(std::int64_t bytes) override {
    return device_->allocate(bytes);
  }
  void copy_to_device(std::span<const std::byte> host, void* device) override {
    device_->copy_to_device(host, device);
  }
  void copy_to_host(const void* device, std::span<std::byte> host) override {
    device_->copy_to_host(device, host);
  }
  void wait() override { device_->wait(); }

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
  Weight part_of(const Weight& whole, std::span<const int> rows,
                 std::span<const int> columns) override {
    return products_.part_of(whole, rows, columns);
  }

  void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) override {
    products_.multiply(in, weight, epilogue, out);
  }
  void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out) override {
    const void* factors = scale.size == 0 ? nullptr : scale.data();
    device_->add(cuda::layer_norm<Number>, in, factors, epsilon, out);
  }
  void rotate(int heads, Matrix table, const int* position, Matrix x) override {
    device_->add(cuda::rotate<Number>, heads, table, position, x);
  }
  void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
                 const HeadFill& fill, Matrix z) override {
    attention_.add(sequences, heads, queries, q, k, v, fill, z);
  }
  void replace_heads(const HeadFill& fill, Matrix from, Matrix to) override {
    device_->add(cuda::replace_heads<Number>, fill, from, to);
  }
  void add_rows(Matrix values, const int* row, Matrix x) override {
    device_->add(cuda::add_rows<Number>, values, row, x);
  }
  void gather_rows(Matrix in, const int* row, Matrix out) override {
    device_->add(cuda::gather_rows<Number>, in, row, out);
  }
  void row_dots(Matrix a, Matrix b, double* out) override {
    device_->add(cuda::row_dots<Number>, a, b, out);
  }

 private:
  std::shared_ptr<Device> device_;
  Products products_;
  MixedAttention attention_;
};

}  // namespace

std::unique_ptr<Backend> make_backend(int gpu, Rung rung, std::int64_t reserve_bytes) {
  auto device = Device::open(gpu, reserve_bytes);
  if (rung == Rung::fp64) return std::make_unique<CudaBackend<double>>(std::move(device), rung);
  return std::make_unique<CudaBackend<float>>(std::move(device), rung);
}

}  // namespace headsweep::cuda
