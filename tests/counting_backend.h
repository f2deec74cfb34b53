// A backend that counts what it is asked for, and leaves the work to another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "kernels/backend.h"

namespace headsweep {

class CountingBackend final : public Backend {
 public:
  explicit CountingBackend(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  /// What was asked for, a letter each: (a)llocation, copy to the (d)evice or to the (h)ost,
  /// (p)roduct, layer (n)orm, a(t)tention, (r)eplaced heads, (+) added rows, (g)athered rows, (.)
  /// dots.
  std::string asked;
  std::int64_t count(char letter) const { return std::count(asked.begin(), asked.end(), letter); }

  /// The most bytes that were allocated at one time.
  std::int64_t peak_bytes() const { return bytes_->peak; }

  DeviceInfo info() const override { return backend_->info(); }
  Element element() const override { return backend_->element(); }
  void wait() override { backend_->wait(); }
  std::shared_ptr<void> allocate_bytes(std::int64_t bytes) override {
    asked += 'a';
    bytes_->live += bytes;
    bytes_->peak = std::max(bytes_->peak, bytes_->live);
    std::shared_ptr<void> memory = backend_->allocate_bytes(bytes);
    void* const at = memory.get();
    return {at, [memory = std::move(memory), bytes, counted = bytes_](void*) mutable {
              memory.reset();
              counted->live -= bytes;
            }};
  }
  void copy_to_device(std::span<const std::byte> host, void* device) override {
    asked += 'd';
    backend_->copy_to_device(host, device);
  }
  void copy_to_host(const void* device, std::span<std::byte> host) override {
    asked += 'h';
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
    asked += 'p';
    backend_->matmul(in, weight, epilogue, out);
  }
  void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out) override {
    asked += 'n';
    backend_->layer_norm(in, scale, epsilon, out);
  }
  void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
                 const HeadFill& fill, Matrix z) override {
    asked += 't';
    backend_->attention(sequences, heads, queries, q, k, v, fill, z);
  }
  void replace_heads(const HeadFill& fill, Matrix from, Matrix to) override {
    asked += 'r';
    backend_->replace_heads(fill, from, to);
  }
  void add_rows(Matrix values, const int* row, Matrix x) override {
    asked += '+';
    backend_->add_rows(values, row, x);
  }
  void gather_rows(Matrix in, const int* row, Matrix out) override {
    asked += 'g';
    backend_->gather_rows(in, row, out);
  }
  void row_dots(Matrix a, Matrix b, double* out) override {
    asked += '.';
    backend_->row_dots(a, b, out);
  }

 private:
  struct Bytes {
    std::int64_t live = 0, peak = 0;
  };
  std::unique_ptr<Backend> backend_;
  std::shared_ptr<Bytes> bytes_ = std::make_shared<Bytes>();
};

}  // namespace headsweep
