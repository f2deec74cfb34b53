#include "kernels/cpu/onednn_product.h"

#include <cassert>
#include <cstring>
#include <map>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.hpp>

#include "kernels/cpu/memory.h"

namespace headsweep::cpu {
namespace {

using dnnl::memory;

/// The rows for which oneDNN chooses the packed layout; it chooses the same for all that we have
/// met (6 to 4096).
constexpr std::int64_t typical_rows = 64;

struct PackedWeight {
  std::shared_ptr<void> storage;
  memory weight;
  std::vector<float> bias;  // (outputs)
};

memory::desc row_major(std::int64_t rows, std::int64_t columns, std::int64_t stride) {
  return {{rows, columns}, memory::data_type::f32, memory::dims{stride, 1}};
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
  // rows, inputs, outputs, strides of in and out, epilogue
  using Key =
      std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, Epilogue>;

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<Key, dnnl::matmul> products;

  dnnl::matmul::primitive_desc describe(const memory::desc& in, const memory::desc& weight,
                                        const memory::desc& out, Epilogue epilogue) const {
    const memory::desc bias = row_major(1, out.dims()[1], out.dims()[1]);
    return {dnnl::matmul::desc(in, weight, bias, out), attributes(epilogue), engine};
  }

  const dnnl::matmul& product(const Key& key, const memory::desc& weight) {
    if (auto found = products.find(key); found != products.end()) return found->second;
    const auto& [rows, inputs, outputs, in_stride, out_stride, epilogue] = key;
    return products
        .emplace(key, describe(row_major(rows, inputs, in_stride), weight,
                               row_major(rows, outputs, out_stride), epilogue))
        .first->second;
  }
};

OneDnnProducts::OneDnnProducts() : primitives_(std::make_unique<Primitives>()) {}
OneDnnProducts::~OneDnnProducts() = default;

Weight OneDnnProducts::pack(std::span<const float> weight, std::int64_t inputs,
                            std::int64_t outputs, std::span<const float> bias) {
  assert(static_cast<std::int64_t>(weight.size()) == inputs * outputs);
  const memory::desc any({inputs, outputs}, memory::data_type::f32, memory::format_tag::any);
  const memory::desc layout =
      primitives_
          ->describe(row_major(typical_rows, inputs, inputs), any,
                     row_major(typical_rows, outputs, outputs), Epilogue::store)
          .weights_desc();

  auto packed = std::make_shared<PackedWeight>();
  packed->storage = allocate_aligned(static_cast<std::int64_t>(layout.get_size()));
  packed->weight = memory(layout, primitives_->engine, packed->storage.get());
  packed->bias.assign(static_cast<std::size_t>(outputs), 0.0f);
  if (!bias.empty()) std::memcpy(packed->bias.data(), bias.data(), bias.size_bytes());

  // oneDNN takes no pointer to const, and does not write to the source of a reorder.
  memory source(row_major(inputs, outputs, outputs), primitives_->engine,
                const_cast<float*>(weight.data()));
  dnnl::reorder(source, packed->weight).execute(primitives_->stream, source, packed->weight);
  primitives_->stream.wait();
  return {packed, inputs, outputs, static_cast<std::int64_t>(layout.get_size())};
}

void OneDnnProducts::multiply(Matrix in, const Weight& weight, Epilogue epilogue, Matrix out) {
  assert(in.columns == weight.inputs && out.columns == weight.outputs && in.rows == out.rows);
  if (in.rows == 0) return;
  const auto& packed = *static_cast<const PackedWeight*>(weight.packed.get());
  const auto& product =
      primitives_->product({in.rows, in.columns, out.columns, in.stride, out.stride, epilogue},
                           packed.weight.get_desc());
  const auto& engine = primitives_->engine;
  memory bias(row_major(1, out.columns, out.columns), engine,
              const_cast<float*>(packed.bias.data()));
  product.execute(
      primitives_->stream,
      {{DNNL_ARG_SRC, {row_major(in.rows, in.columns, in.stride), engine, in.data}},
       {DNNL_ARG_WEIGHTS, packed.weight},
       {DNNL_ARG_BIAS, bias},
       {DNNL_ARG_DST, {row_major(out.rows, out.columns, out.stride), engine, out.data}}});
  primitives_->stream.wait();
}

std::string OneDnnProducts::description() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace headsweep::cpu
