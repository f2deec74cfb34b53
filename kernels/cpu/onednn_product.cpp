#include "kernels/cpu/onednn_product.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/cpu/processor.h"
#include "kernels/cpu/typed_matrix.h"

namespace headsweep::cpu {
namespace {

using dnnl::memory;

/// Rows are multiplied in blocks of this many, dense and filled up: oneDNN chooses its loops by
/// shape and stride, and with them the last bits, which must not depend on how many rows there are.
constexpr std::int64_t block_rows = 64;

struct PackedWeight {
  std::shared_ptr<void> storage;
  memory weight;
  std::vector<float> bias;  // (outputs)
};

std::int64_t rounded_up(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

/// Where the bias begins, in float64.
std::int64_t bias_offset(const memory::desc& layout) {
  return rounded_up(static_cast<std::int64_t>(layout.get_size()));
}

double* find_bias(const memory::desc& layout, void* memory) {
  return reinterpret_cast<double*>(static_cast<std::byte*>(memory) + bias_offset(layout));
}

memory::desc row_major(std::int64_t rows, std::int64_t columns) {
  return {{rows, columns}, memory::data_type::f32, memory::format_tag::ab};
}

void copy_rows(TypedMatrix<float> from, TypedMatrix<float> to) {
  for (std::int64_t r = 0; r < from.rows; ++r)
    std::copy_n(from.data + r * from.stride, from.columns, to.data + r * to.stride);
}

dnnl::primitive_attr attributes(Epilogue epilogue) {
  dnnl::post_ops after;
  if (epilogue == Epilogue::gelu)
    after.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_tanh, 0.0f, 0.0f);
  if (epilogue == Epilogue::accumulate) after.append_sum(1.0f);
  dnnl::primitive_attr result;
  result.set_post_ops(after);
  return result;
}

}  // namespace

struct OneDnnProducts::Primitives {
  using Key = std::tuple<std::int64_t, std::int64_t, Epilogue>;  // inputs, outputs, epilogue

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<Key, dnnl::matmul> products;
  std::map<std::pair<std::int64_t, std::int64_t>, memory::desc> layouts;  // by inputs, outputs
  std::vector<float> in, out;  // (block_rows, inputs), (block_rows, outputs)

  dnnl::matmul::primitive_desc describe(const memory::desc& weight, std::int64_t inputs,
                                        std::int64_t outputs, Epilogue epilogue) const {
    return {dnnl::matmul::desc(row_major(block_rows, inputs), weight, row_major(1, outputs),
                               row_major(block_rows, outputs)),
            attributes(epilogue), engine};
  }

  /// How oneDNN wants a weight of this shape to lie. It depends on the shape, the processor and the
  /// library, so that processes on one machine agree.
  const memory::desc& layout(std::int64_t inputs, std::int64_t outputs) {
    const std::pair key(inputs, outputs);
    if (auto found = layouts.find(key); found != layouts.end()) return found->second;
    const memory::desc any({inputs, outputs}, memory::data_type::f32, memory::format_tag::any);
    const auto description = describe(any, inputs, outputs, Epilogue::store);
    return layouts.emplace(key, description.weights_desc()).first->second;
  }

  const dnnl::matmul& product(std::int64_t inputs, std::int64_t outputs, Epilogue epilogue,
                              const memory::desc& weight) {
    const Key key(inputs, outputs, epilogue);
    if (auto found = products.find(key); found != products.end()) return found->second;
    return products.emplace(key, describe(weight, inputs, outputs, epilogue)).first->second;
  }
};

OneDnnProducts::OneDnnProducts() : primitives_(std::make_unique<Primitives>()) {}
OneDnnProducts::~OneDnnProducts() = default;

std::int64_t OneDnnProducts::packed_bytes(std::int64_t inputs, std::int64_t outputs) {
  return bias_offset(primitives_->layout(inputs, outputs)) +
         rounded_up(outputs * static_cast<std::int64_t>(sizeof(double)));
}

void OneDnnProducts::pack_into(std::span<const float> weight, std::int64_t inputs,
                               std::int64_t outputs, std::span<const double> bias,
                               void* memory_to_fill) {
  assert(static_cast<std::int64_t>(weight.size()) == inputs * outputs);
  const memory::desc& layout = primitives_->layout(inputs, outputs);
  double* const own_bias = find_bias(layout, memory_to_fill);
  std::fill(std::copy(bias.begin(), bias.end(), own_bias), own_bias + outputs, 0.0);

  // oneDNN takes no pointer to const, and does not write to the source of a reorder.
  memory source(row_major(inputs, outputs), primitives_->engine, const_cast<float*>(weight.data()));
  memory packed(layout, primitives_->engine, memory_to_fill);
  dnnl::reorder(source, packed).execute(primitives_->stream, source, packed);
  primitives_->stream.wait();
}

Weight OneDnnProducts::packed_weight(std::shared_ptr<void> storage, std::int64_t inputs,
                                     std::int64_t outputs) {
  const memory::desc& layout = primitives_->layout(inputs, outputs);
  auto packed = std::make_shared<PackedWeight>();
  packed->weight = memory(layout, primitives_->engine, storage.get());
  const double* const bias = find_bias(layout, storage.get());
  packed->bias.assign(bias, bias + outputs);
  packed->storage = std::move(storage);
  return {packed, inputs, outputs, packed_bytes(inputs, outputs)};
}

void OneDnnProducts::multiply(Matrix in_matrix, const Weight& weight, Epilogue epilogue,
                              Matrix out_matrix) {
  const auto in = typed<float>(in_matrix), out = typed<float>(out_matrix);
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  const auto& packed = *static_cast<const PackedWeight*>(weight.packed.get());
  const auto& product =
      primitives_->product(in.columns, out.columns, epilogue, packed.weight.get_desc());
  primitives_->in.resize(static_cast<std::size_t>(block_rows * in.columns));
  primitives_->out.resize(static_cast<std::size_t>(block_rows * out.columns));
  const TypedMatrix<float> in_block{primitives_->in.data(), block_rows, in.columns, in.columns};
  const TypedMatrix<float> out_block{primitives_->out.data(), block_rows, out.columns, out.columns};
  const auto& engine = primitives_->engine;
  const memory bias(row_major(1, out.columns), engine, const_cast<float*>(packed.bias.data()));
  for (std::int64_t first = 0; first < in.rows; first += block_rows) {
    const std::int64_t rows = std::min(block_rows, in.rows - first);
    copy_rows(in.part_of_rows(first, rows), in_block);
    if (epilogue == Epilogue::accumulate) copy_rows(out.part_of_rows(first, rows), out_block);
    product.execute(primitives_->stream,
                    {{DNNL_ARG_SRC, {row_major(block_rows, in.columns), engine, in_block.data}},
                     {DNNL_ARG_WEIGHTS, packed.weight},
                     {DNNL_ARG_BIAS, bias},
                     {DNNL_ARG_DST, {row_major(block_rows, out.columns), engine, out_block.data}}});
    primitives_->stream.wait();
    copy_rows(out_block.part_of_rows(0, rows), out.part_of_rows(first, rows));
  }
}

std::string OneDnnProducts::description() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

std::string OneDnnProducts::weight_form() {
  return fmt::format("{} float32, {}", description(), processor_level());
}

}  // namespace headsweep::cpu
