#include "kernels/cuda/products.h"

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/cuda/number_forms.h"

namespace headsweep::cuda {
namespace {

/// A packed weight: where its parts are, and what else has been made of it.
struct PackedWeight {
  std::shared_ptr<void> memory;
  std::int64_t inputs = 0, outputs = 0;
  std::shared_ptr<DerivedWeight> derived;

  std::int64_t elements() const { return inputs * outputs; }
  float* values() const { return static_cast<float*>(memory.get()); }
  double* bias() const {
    return reinterpret_cast<double*>(static_cast<std::byte*>(memory.get()) +
                                     bias_offset(inputs, outputs));
  }
  Matrix as_matrix() const {
    return {static_cast<std::byte*>(memory.get()), inputs, outputs, outputs, Element::float32};
  }

  static std::int64_t bias_offset(std::int64_t inputs, std::int64_t outputs) {
    return Arena::round_up(inputs * outputs * static_cast<std::int64_t>(sizeof(float)));
  }
};

const PackedWeight& packed(const Weight& weight) {
  return *static_cast<const PackedWeight*>(weight.packed.get());
}

Bfloat16* bits(const std::shared_ptr<void>& memory) { return static_cast<Bfloat16*>(memory.get()); }

void need_bias(Device& device, const PackedWeight& weight) {
  std::shared_ptr<void>& bias = weight.derived->bias;
  if (bias) return;
  bias = device.allocate(weight.outputs * static_cast<std::int64_t>(sizeof(float)));
  device.add(narrow, weight.bias(), weight.outputs, static_cast<float*>(bias.get()));
}

void need_high(Device& device, const PackedWeight& weight) {
  std::shared_ptr<void>& high = weight.derived->high;
  if (high) return;
  high = device.allocate(weight.elements() * static_cast<std::int64_t>(sizeof(Bfloat16)));
  device.add(round_to_bfloat16, weight.as_matrix(), bits(high));
}

void need_low(Device& device, const PackedWeight& weight) {
  auto& [high, low, bias] = *weight.derived;
  if (low) return;
  const std::int64_t bytes = weight.elements() * static_cast<std::int64_t>(sizeof(Bfloat16));
  low = device.allocate(bytes);
  // Where there is a high part already, it is written again as it is.
  if (!high) high = device.allocate(bytes);
  device.add(split_into_bfloat16, weight.as_matrix(), bits(high), bits(low));
}

void multiply(cudaStream_t stream, const Product* product, Product::Call call) {
  product->enqueue(stream, call);
}

/// Activations in the form in which they are multiplied, in the device's workspace.
struct Operands {
  std::byte* start;
  std::int64_t rows, columns;

  Bfloat16* high() const { return reinterpret_cast<Bfloat16*>(start); }
  Bfloat16* low() const {
    return reinterpret_cast<Bfloat16*>(
        start + Arena::round_up(rows * columns * static_cast<std::int64_t>(sizeof(Bfloat16))));
  }
};

/// `parts`: 1, the high one alone, or 2.
Operands workspace_for(Device& device, Matrix in, int parts) {
  const std::int64_t part =
      Arena::round_up(in.rows * in.columns * static_cast<std::int64_t>(sizeof(Bfloat16)));
  return {static_cast<std::byte*>(device.workspace(parts * part)), in.rows, in.columns};
}

}  // namespace

Products::Products(std::shared_ptr<Device> device, Rung rung)
    : device_(std::move(device)), rung_(rung) {}

std::int64_t Products::packed_bytes(std::int64_t inputs, std::int64_t outputs) const {
  return PackedWeight::bias_offset(inputs, outputs) +
         Arena::round_up(outputs * static_cast<std::int64_t>(sizeof(double)));
}

void Products::pack_into(std::span<const float> weight, std::int64_t inputs, std::int64_t outputs,
                         std::span<const double> bias, void* memory) {
  assert(static_cast<std::int64_t>(weight.size()) == inputs * outputs);
  device_->copy_to_device(std::as_bytes(weight), memory);
  const std::vector<double> none(bias.empty() ? static_cast<std::size_t>(outputs) : 0);
  device_->copy_to_device(
      std::as_bytes(bias.empty() ? std::span<const double>(none) : bias),
      static_cast<std::byte*>(memory) + PackedWeight::bias_offset(inputs, outputs));
}

Weight Products::packed_weight(std::shared_ptr<void> memory, std::int64_t inputs,
                               std::int64_t outputs) {
  const auto derived = device_->derived_weights().find(memory.get());
  return {std::make_shared<PackedWeight>(PackedWeight{std::move(memory), inputs, outputs, derived}),
          inputs, outputs, packed_bytes(inputs, outputs)};
}

Weight Products::part_of(const Weight& whole, std::span<const int> rows,
                         std::span<const int> columns) {
  const PackedWeight& from = packed(whole);
  const auto indices = [&](std::span<const int> list) -> std::shared_ptr<void> {
    if (list.empty()) return nullptr;
    const auto memory = device_->allocate(static_cast<std::int64_t>(list.size_bytes()));
    device_->copy_to_device(std::as_bytes(list), memory.get());
    return memory;
  };
  const auto row_list = indices(rows), column_list = indices(columns);
  const WeightPart wanted{.rows = static_cast<const int*>(row_list.get()),
                          .columns = static_cast<const int*>(column_list.get()),
                          .inputs = rows.empty() ? from.inputs : std::ssize(rows),
                          .outputs = columns.empty() ? from.outputs : std::ssize(columns)};
  Weight weight = packed_weight(device_->allocate(packed_bytes(wanted.inputs, wanted.outputs)),
                                wanted.inputs, wanted.outputs);
  const PackedWeight& part = packed(weight);
  // The bias belongs to all rows together.
  const double* const bias = rows.empty() ? from.bias() : nullptr;
  device_->add(take_part, from.values(), bias, from.outputs, wanted, part.values(), part.bias());
  return weight;
}

const Product& Products::product(const Weight& weight, Finish finish) {
  const auto operand = [this] {
    switch (rung_) {
      case Rung::bf16:
      case Rung::bf16x3:
        return Operand::bfloat16;
      case Rung::fp32:
        return Operand::float32;
      case Rung::fp64:
        break;
    }
    return Operand::float64;
  };
  const std::tuple key(weight.inputs, weight.outputs, finish);
  auto found = products_.find(key);
  if (found == products_.end())
    found = products_.try_emplace(key, *device_, operand(), weight.inputs, weight.outputs, finish)
                .first;
  return found->second;
}

void Products::multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  switch (rung_) {
    case Rung::bf16:
      return multiply_bfloat16(in, weight, epilogue, out);
    case Rung::bf16x3:
      return multiply_split(in, weight, epilogue, out);
    case Rung::fp32:
      return multiply_float32(in, weight, epilogue, out);
    case Rung::fp64:
      return multiply_float64(in, weight, epilogue, out);
  }
}

namespace {

Sums sums_of(Epilogue epilogue) {
  return epilogue == Epilogue::accumulate ? Sums::add : Sums::replace;
}

// cuBLASLt has GELU in its tanh form alone, and does not say how exact it is. Against bfloat16
// operands it is exact enough; the rungs above have one of their own, after the product.

bool is_gelu(Epilogue epilogue) {
  return epilogue == Epilogue::gelu || epilogue == Epilogue::gelu_tanh;
}

}  // namespace

void Products::multiply_bfloat16(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  const PackedWeight& w = packed(weight);
  need_high(*device_, w);
  need_bias(*device_, w);
  const Operands operands = workspace_for(*device_, in, 1);
  device_->add(round_to_bfloat16, in, operands.high());
  const Finish finish = epilogue == Epilogue::gelu_tanh ? Finish::bias_gelu_tanh : Finish::bias;
  device_->add(cuda::multiply, &product(weight, finish),
               {w.derived->high.get(), operands.high(), in.rows, in.columns, w.derived->bias.get(),
                sums_of(epilogue), out.data, out.stride});
  if (epilogue == Epilogue::gelu) device_->add(cuda::finish<float>, out, nullptr, epilogue, out);
}

/// (high + low) (high + low) without low low, the small products first.
void Products::multiply_split(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  const PackedWeight& w = packed(weight);
  need_low(*device_, w);
  need_bias(*device_, w);
  const Operands operands = workspace_for(*device_, in, 2);
  device_->add(split_into_bfloat16, in, operands.high(), operands.low());
  const auto add_product = [&](const std::shared_ptr<void>& weights, const Bfloat16* rows,
                               Finish finish, Sums sums) {
    device_->add(
        cuda::multiply, &product(weight, finish),
        {weights.get(), rows, in.rows, in.columns,
         finish == Finish::nothing ? nullptr : w.derived->bias.get(), sums, out.data, out.stride});
  };
  const auto& [high, low, bias] = *w.derived;
  add_product(low, operands.high(), Finish::nothing, sums_of(epilogue));
  add_product(high, operands.low(), Finish::nothing, Sums::add);
  add_product(high, operands.high(), Finish::bias, Sums::add);
  if (is_gelu(epilogue)) device_->add(finish<float>, out, nullptr, epilogue, out);
}

namespace {

/// Rows as cuBLASLt may read them: as they are if they begin where Product's algorithm expects it,
/// else a copy without gaps, in `memory`.
template <class T>
Matrix readable(Device& device, Matrix in, void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(in.data);
  const auto aligned = [unit = row_alignment(in.columns * bytes_of(in.element))](auto at) {
    return static_cast<std::int64_t>(at) % unit == 0;
  };
  if (aligned(address) && aligned(in.stride * bytes_of(in.element))) return in;
  const Matrix copy{static_cast<std::byte*>(memory), in.rows, in.columns, in.columns, in.element};
  device.add(finish<T>, in, nullptr, Epilogue::store, copy);
  return copy;
}

}  // namespace

void Products::multiply_float32(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  const PackedWeight& w = packed(weight);
  need_bias(*device_, w);
  const auto copy_bytes = in.rows * in.columns * bytes_of(in.element);
  in = readable<float>(*device_, in, device_->workspace(copy_bytes));
  device_->add(cuda::multiply, &product(weight, Finish::bias),
               {w.values(), in.data, in.rows, in.stride, w.derived->bias.get(), sums_of(epilogue),
                out.data, out.stride});
  if (is_gelu(epilogue)) device_->add(finish<float>, out, nullptr, epilogue, out);
}

/// The weights are widened for each product: it is asked for seldom, and they would take twice the
/// memory of all others.
void Products::multiply_float64(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  const PackedWeight& w = packed(weight);
  const std::int64_t wide_bytes = Arena::round_up(w.elements() * bytes_of(Element::float64));
  auto* const memory = static_cast<std::byte*>(
      device_->workspace(wide_bytes + in.rows * in.columns * bytes_of(in.element)));
  auto* const wide = reinterpret_cast<double*>(memory);
  in = readable<double>(*device_, in, memory + wide_bytes);
  device_->add(widen, w.as_matrix(), wide);
  device_->add(
      cuda::multiply, &product(weight, Finish::nothing),
      {wide, in.data, in.rows, in.stride, nullptr, sums_of(epilogue), out.data, out.stride});
  const Epilogue rest = is_gelu(epilogue) ? epilogue : Epilogue::store;
  device_->add(finish<double>, out, w.bias(), rest, out);
}

}  // namespace headsweep::cuda
