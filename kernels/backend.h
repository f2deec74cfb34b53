// The arithmetic that headsweep needs, on one device. One of the project's two virtual interfaces.
//
// A contract that the rest is built on: a row of a result depends on that row of the input alone,
// bit for bit, and not on how many rows there are or where it stands. So batching never changes a
// number.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace headsweep {

/// An array in the device's memory; copies share it.
template <class T>
struct Array {
  std::shared_ptr<void> owner;
  std::int64_t size = 0;

  T* data() const { return static_cast<T*>(owner.get()); }
};

/// A row-major float32 matrix in the device's memory, not owned. `stride` elements lie between the
/// starts of two rows.
struct Matrix {
  float* data = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;

  Matrix part_of_rows(std::int64_t first, std::int64_t count) const {
    return {data + first * stride, count, columns, stride};
  }
  Matrix part_of_columns(std::int64_t first, std::int64_t count) const {
    return {data + first, rows, count, stride};
  }
};

inline Matrix as_matrix(const Array<float>& array, std::int64_t rows, std::int64_t columns) {
  return {array.data(), rows, columns, columns};
}

/// The same with a cache line between rows, for what is multiplied: rows a power of two apart would
/// fall on the same few places of a processor's first cache. The array has rows * (columns +
/// row_gap) elements.
constexpr std::int64_t row_gap = 16;
inline Matrix as_spaced_matrix(const Array<float>& array, std::int64_t rows, std::int64_t columns) {
  return {array.data(), rows, columns, columns + row_gap};
}

/// A weight matrix and its bias in the form that the device multiplies fastest; what `packed`
/// points at is the backend's business. `bytes`: what both take together.
struct Weight {
  std::shared_ptr<const void> packed;
  std::int64_t inputs = 0, outputs = 0, bytes = 0;
};

enum class Epilogue {
  store,       // out = in W + b
  gelu,        // out = gelu(in W + b), the tanh form ("gelu_new")
  accumulate,  // out += in W + b
};

/// Sequences laid out one after the other, without padding between: sequence s has rows starts[s]
/// .. starts[s + 1].
struct SequenceRows {
  const int* starts = nullptr;  // (count + 1), in the device's memory
  int count = 0;
  int longest = 0;  // rows
};

enum class Queries { every_position, last_position };

/// What takes the place of heads' outputs, row by row.
struct HeadFill {
  Matrix values;              // (fill rows, all heads * d_head)
  const int* row = nullptr;   // (rows): which fill row stands for each row
  const int* head = nullptr;  // (heads): which head of `values` belongs to each head of the rows
  const std::uint8_t* keep = nullptr;  // (rows, heads): 1 leaves the head's output as it is
  int heads = 0;
};

struct DeviceInfo {
  std::string kind;         // devices of one kind give the same bits: "cpu x86-64-v4"
  std::string description;  // for people and for provenance: "cpu x86-64-v4, AVX-512 panel
                            // products, 2 threads"
};

/// A dozen methods would do for one process. Packing takes three instead of one, so that processes
/// of one machine can share one copy of the weights.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual DeviceInfo info() const = 0;

  virtual std::shared_ptr<void> allocate_bytes(std::int64_t bytes) = 0;
  virtual void copy_to_device(std::span<const std::byte> host, void* device) = 0;
  virtual void copy_to_host(const void* device, std::span<std::byte> host) = 0;

  /// What a packed weight of this shape takes, its bias included; a multiple of 64, so that several
  /// can lie one after the other.
  virtual std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs) = 0;

  /// Packs `weight` (inputs, outputs), row-major in host memory, with its bias (outputs; empty:
  /// none) into packed_bytes() of the device's memory, aligned to 64 bytes.
  virtual void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                         std::span<const float> bias, void* memory) = 0;

  /// The weight that lies packed in `memory`, and keeps it alive. It may be another process that
  /// packed it, with a backend of the same kind.
  virtual Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                               std::int64_t outputs) = 0;

  /// in (rows, inputs) times weight into out (rows, outputs).
  virtual void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) = 0;

  /// out = (in - mean) / sqrt(variance + epsilon), row by row; scale and shift are folded into the
  /// weights that follow.
  virtual void layer_norm(Matrix in, double epsilon, Matrix out) = 0;

  /// Causal attention with scale 1 / sqrt(d_head). k, v: (rows, heads * d_head). every_position: q
  /// and z likewise; last_position: q and z have a row for each sequence, its last position's.
  virtual void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k,
                         Matrix v, Matrix z) = 0;

  /// to = from where the fill's `keep` is 1, else the fill's value. (rows, heads * d_head); `to`
  /// may be `from`.
  virtual void replace_heads(const HeadFill& fill, Matrix from, Matrix to) = 0;

  /// x[r] += values[row[r]].
  virtual void add_rows(Matrix values, const int* row, Matrix x) = 0;

  /// out[r] = in[row[r]].
  virtual void gather_rows(Matrix in, const int* row, Matrix out) = 0;

  /// out[r] = a[r] . b[r], summed in float64.
  virtual void row_dots(Matrix a, Matrix b, double* out) = 0;
};

template <class T>
Array<T> allocate(Backend& backend, std::int64_t size) {
  return {backend.allocate_bytes(size * static_cast<std::int64_t>(sizeof(T))), size};
}

template <class T>
Array<T> to_device(Backend& backend, std::span<const T> host) {
  auto array = allocate<T>(backend, static_cast<std::int64_t>(host.size()));
  backend.copy_to_device(std::as_bytes(host), array.data());
  return array;
}

/// A weight in memory of its own; see Backend::pack_into().
inline Weight pack(Backend& backend, std::span<const float> weight, std::int64_t inputs,
                   std::int64_t outputs, std::span<const float> bias) {
  std::shared_ptr<void> memory = backend.allocate_bytes(backend.packed_bytes(inputs, outputs));
  backend.pack_into(weight, inputs, outputs, bias, memory.get());
  return backend.packed_weight(std::move(memory), inputs, outputs);
}

template <class T>
std::vector<T> to_host(Backend& backend, const T* device, std::int64_t size) {
  std::vector<T> host(static_cast<std::size_t>(size));
  backend.copy_to_host(device, std::as_writable_bytes(std::span(host)));
  return host;
}

}  // namespace headsweep
