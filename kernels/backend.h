// The arithmetic that headsweep needs, on one device and in one precision (kernels/rung.h). One of
// the project's two virtual interfaces.
//
// A contract that the rest is built on: a row of a result depends on that row of the input alone,
// bit for bit, and not on how many rows there are or where it stands. So batching never changes a
// number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/matrix.h"

namespace headsweep {

/// A weight matrix and its bias in the form that the device multiplies fastest; what `packed`
/// points at is the backend's business. `bytes`: what both take together.
struct Weight {
  std::shared_ptr<const void> packed;
  std::int64_t inputs = 0, outputs = 0, bytes = 0;

  bool empty() const { return packed == nullptr; }
};

enum class Epilogue {
  store,       // out = in W + b
  gelu,        // out = gelu(in W + b): x times the normal distribution's cumulative function
  gelu_tanh,   // the same in the tanh form ("gelu_new")
  accumulate,  // out += in W + b
};

/// Sequences laid out one after the other, without padding between: sequence s has rows starts[s]
/// .. starts[s + 1].
struct SequenceRows {
  const int* starts = nullptr;  // (count + 1), in the device's memory
  int count = 0;
  int longest = 0;                   // rows
  const int* host_starts = nullptr;  // `starts` in the host's memory; read while a method is called
};

enum class Queries { every_position, last_position };

/// What takes the place of heads' outputs, row by row. An empty one, without `keep`, replaces none.
struct HeadFill {
  Matrix values;              // (fill rows, all heads * d_head)
  const int* row = nullptr;   // (rows): which fill row stands for each row
  const int* head = nullptr;  // (heads): which head of `values` belongs to each head of the rows
  const std::uint8_t* keep = nullptr;  // (rows, heads): 1 leaves the head's output as it is
  int heads = 0;
};

/// Whose a backend's memory is: the processor's, which everything reads and writes, or a device's
/// own, behind copy_to_device() and copy_to_host().
enum class Memory { host, device };

struct DeviceInfo {
  std::string kind;         // devices of one kind give the same bits: "cpu x86-64-v4"
  std::string description;  // for people and for provenance: "cpu x86-64-v4, AVX-512 panel
                            // products, 2 threads"
  std::string weight_form;  // backends with the same form can use each other's packed weights:
                            // "float32 panels of 32 columns"
  int enough_rows = 1;    // a product of fewer rows does not use the device fully: circuits are put
                          // side by side until there are so many,
  int most_circuits = 1;  // but no more circuits than these
  Memory memory = Memory::host;
  // Attention over a sequence of so many rows or more works in memory of the device's own, of so
  // many bytes at most (its backends share it). 0 rows: never.
  int long_rows = 0;
  std::int64_t long_rows_bytes = 0;
};

/// A dozen methods would do for one process. Packing takes three instead of one, so that processes
/// of one machine, and precisions of one process, can share one copy of the weights. All matrices
/// that a method takes hold the backend's element.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual DeviceInfo info() const = 0;

  /// What its real numbers are.
  virtual Element element() const = 0;

  virtual std::shared_ptr<void> allocate_bytes(std::int64_t bytes) = 0;
  virtual void copy_to_device(std::span<const std::byte> host, void* device) = 0;
  virtual void copy_to_host(const void* device, std::span<std::byte> host) = 0;

  /// Until all that was asked for is done: what a method was asked for may still be under way when
  /// it returns, in the order in which it was asked for.
  virtual void wait() = 0;

  /// What a packed weight of this shape takes, its bias included; a multiple of 64, so that several
  /// can lie one after the other.
  virtual std::int64_t packed_bytes(std::int64_t inputs, std::int64_t outputs) = 0;

  /// Packs `weight` (inputs, outputs), row-major in host memory, with its bias (outputs; empty:
  /// none) into packed_bytes() of the device's memory, aligned to 64 bytes. The bias stays float64
  /// there.
  virtual void pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                         std::span<const double> bias, void* memory) = 0;

  /// The weight that lies packed in `memory`, and keeps it alive. It may be another backend that
  /// packed it, in another process, too: one of the same weight form.
  virtual Weight packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                               std::int64_t outputs) = 0;

  /// The listed rows of a packed weight, without a bias, which belongs to all rows together; or the
  /// listed columns with theirs. An empty list is all of them. What it returns is empty if the
  /// backend cannot take a packed weight apart: then the part is packed from the host's numbers.
  virtual Weight part_of(const Weight& whole, std::span<const int> rows,
                         std::span<const int> columns) = 0;

  /// in (rows, inputs) times weight into out (rows, outputs).
  virtual void matmul(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) = 0;

  /// out = scale (in - mean) / sqrt(variance + epsilon), row by row; an empty scale (columns) is
  /// none. The shift is folded into the bias that follows.
  virtual void layer_norm(Matrix in, const Numbers& scale, double epsilon, Matrix out) = 0;

  /// Turns the first columns of each head by its row's position: rotary position embedding (Su et
  /// al. 2021), in pairs as GPT-NeoX has them. x: (rows, heads * d_head); position: (rows), in the
  /// device's memory; table: (positions, turned columns), each row the cosines of its angles, then
  /// the sines. Of n turned columns i and i + n / 2 are a pair, turned by angle i.
  virtual void rotate(int heads, Matrix table, const int* position, Matrix x) = 0;

  /// Causal attention with scale 1 / sqrt(d_head). k, v: (rows, heads * d_head). every_position: q
  /// and z likewise; last_position: q and z have a row for each sequence, its last position's.
  /// Where the fill's `keep` (z's rows, heads) is 0, z is the fill's value.
  virtual void attention(SequenceRows sequences, int heads, Queries queries, Matrix q, Matrix k,
                         Matrix v, const HeadFill& fill, Matrix z) = 0;

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

inline Numbers allocate_numbers(Backend& backend, std::int64_t size) {
  const Element element = backend.element();
  return {backend.allocate_bytes(size * bytes_of(element)), size, element};
}

/// Rounded to what the backend computes with.
inline Numbers to_device(Backend& backend, std::span<const double> host) {
  Numbers numbers = allocate_numbers(backend, static_cast<std::int64_t>(host.size()));
  if (numbers.element == Element::float64) {
    backend.copy_to_device(std::as_bytes(host), numbers.data());
  } else {
    const std::vector<float> rounded(host.begin(), host.end());
    backend.copy_to_device(std::as_bytes(std::span(rounded)), numbers.data());
  }
  return numbers;
}

/// A weight in memory of its own; see Backend::pack_into().
inline Weight pack(Backend& backend, std::span<const float> weight, std::int64_t inputs,
                   std::int64_t outputs, std::span<const double> bias) {
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

/// Real numbers that lie one after the other.
inline std::vector<double> to_host(Backend& backend, Element element, const std::byte* device,
                                   std::int64_t size) {
  if (element == Element::float64)
    return to_host(backend, reinterpret_cast<const double*>(device), size);
  const auto host = to_host(backend, reinterpret_cast<const float*>(device), size);
  return {host.begin(), host.end()};
}

inline std::vector<double> to_host(Backend& backend, const Numbers& numbers) {
  return to_host(backend, numbers.element, numbers.data(), numbers.size);
}

/// (rows, columns), without the gaps between rows.
inline std::vector<double> to_host(Backend& backend, Matrix matrix) {
  std::vector<double> host;
  for (std::int64_t r = 0; r < matrix.rows; ++r) {
    const auto row =
        to_host(backend, matrix.element, matrix.part_of_rows(r, 1).data, matrix.columns);
    host.insert(host.end(), row.begin(), row.end());
  }
  return host;
}

}  // namespace headsweep
