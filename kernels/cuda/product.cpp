#include "kernels/cuda/product.h"

#include <cstddef>
#include <vector>

#include <fmt/format.h>

#include "kernels/cuda/check.h"

namespace headsweep::cuda {
namespace {

// The product is out^T = weight^T in^T, without any transposition.

cublasLtEpilogue_t epilogue_of(Finish finish) {
  switch (finish) {
    case Finish::nothing:
      return CUBLASLT_EPILOGUE_DEFAULT;
    case Finish::bias:
      return CUBLASLT_EPILOGUE_BIAS;
    case Finish::bias_gelu_tanh:
      break;
  }
  return CUBLASLT_EPILOGUE_GELU_BIAS;
}

}  // namespace

Product::Product(const Device& device, Operand operand, std::int64_t inputs, std::int64_t outputs,
                 Finish finish)
    : device_(device),
      operand_(operand),
      inputs_(inputs),
      outputs_(outputs),
      finish_(finish),
      description_(describe_product(operand)) {
  set(description_.get(), CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(finish));
  choose();
}

ProductLayouts Product::layouts(std::int64_t rows, std::int64_t in_stride,
                                std::int64_t out_stride) const {
  const cudaDataType operand = operand_type(operand_);
  return {rows_layout(operand, outputs_, inputs_, outputs_),
          rows_layout(operand, inputs_, rows, in_stride),
          rows_layout(sum_type(operand_), outputs_, rows, out_stride)};
}

void Product::choose() {
  constexpr std::int64_t usual_rows = 512;        // of a wave
  constexpr std::int64_t weight_alignment = 256;  // the arena's
  const auto without_gaps = [this](std::int64_t rows) { return layouts(rows, inputs_, outputs_); };
  std::vector<ProductLayouts> others;
  for (const std::int64_t rows : {1, 10, 60, 8192}) others.push_back(without_gaps(rows));
  algorithm_ = choose_algorithm(
      device_, description_.get(),
      {weight_alignment, row_alignment(inputs_ * bytes_of(operand_type(operand_))),
       row_alignment(outputs_ * bytes_of(sum_type(operand_)))},
      without_gaps(usual_rows), others, fmt::format("a product of {} by {}", inputs_, outputs_));
}

void Product::enqueue(cudaStream_t stream, const Call& call) const {
  if (call.rows == 0) return;
  const auto [weight, in, out] = layouts(call.rows, call.in_stride, call.out_stride);
  if (finish_ != Finish::nothing)
    set(description_.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, call.bias);
  const float one_float = 1, old_float = call.sums == Sums::add ? 1 : 0;
  const double one_double = 1, old_double = old_float;
  const bool wide = operand_ == Operand::float64;
  const void* one = wide ? static_cast<const void*>(&one_double) : &one_float;
  const void* old = wide ? static_cast<const void*>(&old_double) : &old_float;
  check(cublasLtMatmul(device_.cublas(), description_.get(), one, call.weight, weight.get(),
                       call.in, in.get(), old, call.out, out.get(), call.out, out.get(),
                       &algorithm_, device_.product_workspace(),
                       static_cast<std::size_t>(Device::product_workspace_bytes), stream));
}

}  // namespace headsweep::cuda
