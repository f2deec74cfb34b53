// A backend that leaves everything to another: what differs is overridden by whoever derives.
#pragma once

#include <memory>
#include <utility>

#include "kernels/backend.h"

namespace headsweep {

class ForwardingBackend : public Backend {
 public:
  explicit ForwardingBackend(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  DeviceInfo info() const override { return backend_->info(); }
  Element element() const override { return backend_->element(); }
  void wait() override { backend_->wait(); }
  std::shared_ptr<void> allocate_bytes(std::int64_t bytes) override {
    return backend_->allocate_bytes(bytes);
  }
  void copy_to_device(std::span<const std::byte> host, void* device) override {
    backend_->copy_to_device(host, device);
  }
  void copy_to_host(const void* device, std::span<std::byte> host) override {
    backend_->copy_to_host(device, host);
  }
  std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs) override {
    return backend_->packed_bytes(inputs, outputs);
  }
  void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                 std::span<const double> bias, void* memory) override {
    backend_->pack_into(weight, inputs, outputs, bias, memory);
  }
  Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                       std::int64_t outputs) override {
    return backend_->packed_weight(std::move(memory), inputs, outputs);
  }
  Weight part_of(const Weight& whole, std::span<const int> rows,
                 std::span<const int> columns) override {
    return backend_->part_of(whole, rows, columns);
  }
  void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) override {
    backend_->matmul(in, weight, epilogue, out);
  }
  void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out) override {
    backend_->layer_norm(in, scale, epsilon, out);
  }
  void rotate(int heads, Matrix table, const int* position, Matrix x) override {
    backend_->rotate(heads, table, position, x);
  }
  void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
                 const HeadFill& fill, Matrix z) override {
    backend_->attention(sequences, heads, queries, q, k, v, fill, z);
  }
  void replace_heads(const HeadFill& fill, Matrix from, Matrix to) override {
    backend_->replace_heads(fill, from, to);
  }
  void add_rows(Matrix values, const int* row, Matrix x) override {
    backend_->add_rows(values, row, x);
  }
  void gather_rows(Matrix in, const int* row, Matrix out) override {
    backend_->gather_rows(in, row, out);
  }
  void row_dots(Matrix a, Matrix b, double* out) override { backend_->row_dots(a, b, out); }

 private:
  std::unique_ptr<Backend> backend_;
};

}  // namespace headsweep
