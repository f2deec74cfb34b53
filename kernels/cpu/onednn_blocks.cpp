#include "kernels/cpu/onednn_blocks.h"

#include <algorithm>
#include <unordered_map>

namespace headsweep::cpu {
namespace {

using dnnl::memory;

memory::desc row_major(std::int64_t rows, std::int64_t columns, memory::data_type type) {
  return {{rows, columns}, type, memory::format_tag::ab};
}

void copy_rows(TypedMatrix<float> from, TypedMatrix<float> to) {
  for (std::int64_t r = 0; r < from.rows; ++r)
    std::copy_n(from.data + r * from.stride, from.columns, to.data + r * to.stride);
}

void append_epilogue(dnnl::post_ops& after, Epilogue epilogue) {
  if (epilogue == Epilogue::gelu)
    after.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_erf, 0.0f, 0.0f);
  if (epilogue == Epilogue::gelu_tanh)
    after.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_tanh, 0.0f, 0.0f);
  if (epilogue == Epilogue::accumulate) after.append_sum(1.0f);
}

/// Where oneDNN finds what its post-operation number `index` adds.
int added_argument(int index) { return DNNL_ARG_ATTR_MULTIPLE_POST_OP(index) | DNNL_ARG_SRC_1; }

std::int64_t inputs_of(const memory::desc& weight) { return weight.dims()[0]; }
std::int64_t outputs_of(const memory::desc& weight) { return weight.dims()[1]; }

/// bf16x3 adds the halves of its first product to the second.
int halves_added(Rung rung) { return rung == Rung::bf16x3 ? 2 : 0; }

}  // namespace

OneDnnBlocks::OneDnnBlocks(Rung rung) : rung_(rung) {}

dnnl::matmul::primitive_desc OneDnnBlocks::describe(const memory::desc& weight, Epilogue epilogue,
                                                    int added) const {
  const std::int64_t outputs = outputs_of(weight);
  const memory::desc out = row_major(rows, outputs, Type::f32);
  dnnl::post_ops after;
  for (int half = 0; half < added; ++half) after.append_binary(dnnl::algorithm::binary_add, out);
  append_epilogue(after, epilogue);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  return {dnnl::matmul::desc(row_major(rows, inputs_of(weight), Type::bf16), weight,
                             row_major(1, outputs, Type::f32), out),
          attributes, engine_};
}

dnnl::matmul::primitive_desc OneDnnBlocks::describe_first(const memory::desc& weight) const {
  return {dnnl::matmul::desc(row_major(2 * rows, inputs_of(weight), Type::bf16), weight,
                             row_major(2 * rows, outputs_of(weight), Type::f32)),
          engine_};
}

/// As bf16 likes it best: what bf16x3 adds must not make it another one than bf16's.
const memory::desc& OneDnnBlocks::layout(std::int64_t inputs, std::int64_t outputs) {
  const std::pair key(inputs, outputs);
  if (auto found = layouts_.find(key); found != layouts_.end()) return found->second;
  const memory::desc any({inputs, outputs}, Type::bf16, memory::format_tag::any);
  return layouts_.emplace(key, describe(any, Epilogue::store, 0).weights_desc()).first->second;
}

const dnnl::matmul& OneDnnBlocks::product(const memory::desc& weight,
                                          std::optional<Epilogue> epilogue) {
  const Key key(inputs_of(weight), outputs_of(weight), epilogue);
  if (auto found = products_.find(key); found != products_.end()) return found->second;
  return products_
      .emplace(key,
               epilogue ? describe(weight, *epilogue, halves_added(rung_)) : describe_first(weight))
      .first->second;
}

memory OneDnnBlocks::place(const memory::desc& layout, void* data) const {
  return {layout, engine_, data};
}

void OneDnnBlocks::reorder(const Bfloat16* weight, const memory::desc& layout, void* to) {
  // oneDNN takes no pointer to const, and does not write to the source of a reorder.
  memory source =
      block(inputs_of(layout), outputs_of(layout), Type::bf16, const_cast<Bfloat16*>(weight));
  memory packed = place(layout, to);
  dnnl::reorder(source, packed).execute(stream_, source, packed);
  stream_.wait();
}

memory OneDnnBlocks::block(std::int64_t block_rows, std::int64_t columns, Type of,
                           void* data) const {
  return {row_major(block_rows, columns, of), engine_, data};
}

/// The operands of a block of rows, rounded or split.
Bfloat16* OneDnnBlocks::load_rows(TypedMatrix<float> in) {
  const std::int64_t low = rows * in.columns;
  rounded_.resize(static_cast<std::size_t>(rung_ == Rung::bf16 ? low : 2 * low));
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < in.rows; ++r) {
    const float* const from = in.data + r * in.stride;
    Bfloat16* const to = rounded_.data() + r * in.columns;
    if (rung_ == Rung::bf16) {
      to_bfloat16(from, in.columns, to);
    } else {
      split_bfloat16(from, in.columns, to, to + low);
    }
  }
  return rounded_.data();
}

/// `operands` of a block times the weight into out_.
void OneDnnBlocks::multiply_block(void* operands, const OneDnnWeight& weight, Epilogue epilogue) {
  const memory::desc layout = weight.high.get_desc();
  const std::int64_t inputs = inputs_of(layout), outputs = outputs_of(layout);
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, block(rows, inputs, Type::bf16, operands)},
      {DNNL_ARG_WEIGHTS, rung_ == Rung::bf16x3 ? weight.low : weight.high},
      {DNNL_ARG_BIAS, block(1, outputs, Type::f32, const_cast<float*>(weight.bias.data()))},
      {DNNL_ARG_DST, block(rows, outputs, Type::f32, out_.data())}};
  if (rung_ == Rung::bf16x3) {
    halves_.resize(static_cast<std::size_t>(2 * rows * outputs));
    product(layout, std::nullopt)
        .execute(stream_, {{DNNL_ARG_SRC, block(2 * rows, inputs, Type::bf16, operands)},
                           {DNNL_ARG_WEIGHTS, weight.high},
                           {DNNL_ARG_DST, block(2 * rows, outputs, Type::f32, halves_.data())}});
    for (int half = 0; half < halves_added(rung_); ++half)
      arguments.emplace(added_argument(half),
                        block(rows, outputs, Type::f32, halves_.data() + half * rows * outputs));
  }
  product(layout, epilogue).execute(stream_, arguments);
  stream_.wait();
}

void OneDnnBlocks::multiply(TypedMatrix<float> in, const OneDnnWeight& weight, Epilogue epilogue,
                            TypedMatrix<float> out) {
  out_.resize(static_cast<std::size_t>(rows * out.columns));
  const TypedMatrix<float> out_block{out_.data(), rows, out.columns, out.columns};
  Bfloat16* const operands = load_rows(in);
  if (epilogue == Epilogue::accumulate) copy_rows(out, out_block);
  multiply_block(operands, weight, epilogue);
  copy_rows(out_block.part_of_rows(0, out.rows), out);
}

}  // namespace headsweep::cpu
