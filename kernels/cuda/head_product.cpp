#include "kernels/cuda/head_product.h"

#include <cmath>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "kernels/cuda/check.h"

namespace headsweep::cuda {
namespace {

constexpr std::int64_t score_alignment = 16;

}  // namespace

std::int64_t score_stride(std::int64_t keys, Element element) {
  const std::int64_t unit = score_alignment / bytes_of(element);
  return (keys + unit - 1) / unit * unit;
}

HeadProduct::HeadProduct(const Device& device, Element element, HeadProductKind kind,
                         std::int64_t d_head, std::int64_t keys)
    : device_(device),
      operand_(element == Element::float64 ? Operand::float64 : Operand::float32),
      kind_(kind),
      d_head_(d_head),
      keys_(keys),
      description_(describe_product(operand_)) {
  // Seen as columns, the scores are k q^T, the mixtures v^T weights^T: k is (d_head, keys) there.
  if (kind == HeadProductKind::scores)
    set(description_.get(), CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  choose();
}

ProductLayouts HeadProduct::layouts(const Call& call) const {
  const bool scores = kind_ == HeadProductKind::scores;
  const cudaDataType type = operand_type(operand_);
  const auto heads_of = [&](const Heads& heads, std::int64_t columns, std::int64_t rows) {
    return rows_layout(type, columns, rows, heads.stride,
                       {static_cast<std::int32_t>(call.heads), heads.step});
  };
  return {heads_of(call.right, d_head_, keys_),
          heads_of(call.left, scores ? d_head_ : keys_, call.queries),
          heads_of(call.out, scores ? keys_ : d_head_, call.queries)};
}

void HeadProduct::choose() {
  constexpr std::int64_t usual_heads = 12;
  const bool scores = kind_ == HeadProductKind::scores;
  const Element element = operand_ == Operand::float64 ? Element::float64 : Element::float32;
  const std::int64_t stride = score_stride(keys_, element);
  const auto layouts_of = [&](std::int64_t queries, std::int64_t heads) {
    const Heads inputs{nullptr, usual_heads * d_head_, d_head_};
    const Heads squares{nullptr, stride, queries * stride};
    return layouts({scores ? inputs : squares, inputs, scores ? squares : inputs, queries, heads});
  };
  std::vector<ProductLayouts> others;
  for (const std::int64_t queries : {std::int64_t{1}, keys_})
    for (const std::int64_t heads : {std::int64_t{1}, usual_heads})
      others.push_back(layouts_of(queries, heads));
  const std::int64_t of_inputs = row_alignment(d_head_ * headsweep::bytes_of(element));
  algorithm_ = choose_algorithm(
      device_, description_.get(),
      {of_inputs, scores ? of_inputs : score_alignment, scores ? score_alignment : of_inputs},
      layouts_of(keys_, usual_heads), others,
      fmt::format("attention over {} positions, heads of {}", keys_, d_head_));
}

void HeadProduct::enqueue(cudaStream_t stream, const Call& call) const {
  const auto [right, left, out] = layouts(call);
  const double factor =
      kind_ == HeadProductKind::scores ? 1 / std::sqrt(static_cast<double>(d_head_)) : 1;
  const auto factor_float = static_cast<float>(factor);
  const float none_float = 0;
  const double none = 0;
  const bool wide = operand_ == Operand::float64;
  check(cublasLtMatmul(
      device_.cublas(), description_.get(),
      wide ? static_cast<const void*>(&factor) : &factor_float, call.right.data, right.get(),
      call.left.data, left.get(), wide ? static_cast<const void*>(&none) : &none_float,
      call.out.data, out.get(), call.out.data, out.get(), &algorithm_, device_.product_workspace(),
      static_cast<std::size_t>(Device::product_workspace_bytes), stream));
}

}  // namespace headsweep::cuda
