// A backend that counts what it is asked for, and leaves the work to another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tests/forwarding_backend.h"

namespace headsweep {

class CountingBackend final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;

  /// What was asked for, a letter each: (a)llocation, copy to the (d)evice or to the (h)ost,
  /// (p)roduct, layer (n)orm, r(o)tation, a(t)tention, (r)eplaced heads, (+) added rows, (g)athered
  /// rows, (.) dots.
  std::string asked;
  std::int64_t count(char letter) const { return std::count(asked.begin(), asked.end(), letter); }

  /// The most bytes that were allocated at one time.
  std::int64_t peak_bytes() const { return bytes_->peak; }

  std::shared_ptr<void> allocate_bytes(std::int64_t bytes) override {
    asked += 'a';
    bytes_->live += bytes;
    bytes_->peak = std::max(bytes_->peak, bytes_->live);
    std::shared_ptr<void> memory = ForwardingBackend::allocate_bytes(bytes);
    void* const at = memory.get();
    return {at, [memory = std::move(memory), bytes, counted = bytes_](void*) mutable {
              memory.reset();
              counted->live -= bytes;
            }};
  }
  void copy_to_device(std::span<const std::byte> host, void* device) override {
    asked += 'd';
    ForwardingBackend::copy_to_device(host, device);
  }
  void copy_to_host(const void* device, std::span<std::byte> host) override {
    asked += 'h';
    ForwardingBackend::copy_to_host(device, host);
  }
  void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) override {
    asked += 'p';
    ForwardingBackend::matmul(in, weight, epilogue, out);
  }
  void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out) override {
    asked += 'n';
    ForwardingBackend::layer_norm(in, scale, epsilon, out);
  }
  void rotate(int heads, Matrix table, const int* position, Matrix x) override {
    asked += 'o';
    ForwardingBackend::rotate(heads, table, position, x);
  }
  void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k, Matrix v,
                 const HeadFill& fill, Matrix z) override {
    asked += 't';
    ForwardingBackend::attention(sequences, heads, queries, q, k, v, fill, z);
  }
  void replace_heads(const HeadFill& fill, Matrix from, Matrix to) override {
    asked += 'r';
    ForwardingBackend::replace_heads(fill, from, to);
  }
  void add_rows(Matrix values, const int* row, Matrix x) override {
    asked += '+';
    ForwardingBackend::add_rows(values, row, x);
  }
  void gather_rows(Matrix in, const int* row, Matrix out) override {
    asked += 'g';
    ForwardingBackend::gather_rows(in, row, out);
  }
  void row_dots(Matrix a, Matrix b, double* out) override {
    asked += '.';
    ForwardingBackend::row_dots(a, b, out);
  }

 private:
  struct Bytes {
    std::int64_t live = 0, peak = 0;
  };
  std::shared_ptr<Bytes> bytes_ = std::make_shared<Bytes>();
};

}  // namespace headsweep
