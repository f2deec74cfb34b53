#include "kernels/cuda/product.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "kernels/cuda/check.h"
#include "kernels/device_error.h"

namespace headsweep::cuda {
namespace {

// cuBLASLt's matrices are column-major: a row-major (rows, columns) is its (columns, rows). So the
// product is out^T = weight^T in^T, without any transposition.

/// The number of rows that the algorithm is chosen for: that of a usual wave.
constexpr std::int64_t usual_rows = 512;

cudaDataType operand_type(Operand operand) {
  switch (operand) {
    case Operand::bfloat16:
      return CUDA_R_16BF;
    case Operand::float32:
      return CUDA_R_32F;
    case Operand::float64:
      break;
  }
  return CUDA_R_64F;
}

cudaDataType sum_type(Operand operand) {
  return operand == Operand::float64 ? CUDA_R_64F : CUDA_R_32F;
}

// CUBLAS_COMPUTE_32F multiplies float32 as float32, not as TF32.
cublasComputeType_t compute_type(Operand operand) {
  return operand == Operand::float64 ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F;
}

std::int64_t bytes_of(cudaDataType type) {
  return type == CUDA_R_16BF ? 2 : type == CUDA_R_32F ? 4 : 8;
}

cublasLtEpilogue_t epilogue_of(Finish finish) {
  switch (finish) {
    case Finish::nothing:
      return CUBLASLT_EPILOGUE_DEFAULT;
    case Finish::bias:
      return CUBLASLT_EPILOGUE_BIAS;
    case Finish::bias_gelu:
      break;
  }
  return CUBLASLT_EPILOGUE_GELU_BIAS;
}

template <class T>
void set(cublasLtMatmulDesc_t description, cublasLtMatmulDescAttributes_t attribute,
         const T& value) {
  check(cublasLtMatmulDescSetAttribute(description, attribute, &value, sizeof(value)));
}

using Preference = Owner<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

template <class T>
void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t attribute,
         const T& value) {
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof(value)));
}

std::uint32_t alignment_of(std::int64_t row_bytes) {
  return static_cast<std::uint32_t>(Product::row_alignment(row_bytes));
}

/// nullopt: the library does not say.
template <class T>
std::optional<T> configured(const cublasLtMatmulAlgo_t& algorithm,
                            cublasLtMatmulAlgoConfigAttributes_t attribute) {
  T value = {};
  std::size_t written = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoConfigGetAttribute(&algorithm, attribute, &value, sizeof(value), &written);
  if (status != CUBLAS_STATUS_SUCCESS) return std::nullopt;
  return value;
}

/// Sums that are cut into parts are cut otherwise for other numbers of rows.
bool sums_in_one_piece(const cublasLtMatmulAlgo_t& algorithm) {
  const auto parts = configured<std::int32_t>(algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
  const auto scheme = configured<std::uint32_t>(algorithm, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME);
  return parts && *parts <= 1 && scheme == CUBLASLT_REDUCTION_SCHEME_NONE;
}

}  // namespace

Product::Product(const Device& device, Operand operand, std::int64_t inputs, std::int64_t outputs,
                 Finish finish)
    : device_(device), operand_(operand), inputs_(inputs), outputs_(outputs), finish_(finish) {
  check(cublasLtMatmulDescCreate(description_.fill(), compute_type(operand), sum_type(operand)));
  set(description_.get(), CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(finish));
  choose_algorithm();
}

std::int64_t Product::row_alignment(std::int64_t row_bytes) {
  constexpr std::int64_t vector_bytes = 16;
  return std::min(vector_bytes, row_bytes & -row_bytes);
}

Product::Layout Product::rows_of(cudaDataType element, std::int64_t columns, std::int64_t rows,
                                 std::int64_t stride) {
  Layout layout;
  check(cublasLtMatrixLayoutCreate(layout.fill(), element, static_cast<std::uint64_t>(columns),
                                   static_cast<std::uint64_t>(rows), stride));
  return layout;
}

/// The first of the library's list whose sums come in one piece and that serves any number of rows:
/// so the bits of a row do not depend on how many there are. The list is the same on every GPU of a
/// kind; timing the candidates would be another choice on every rank.
void Product::choose_algorithm() {
  const cudaDataType operand = operand_type(operand_), sums = sum_type(operand_);
  Preference preference;
  check(cublasLtMatmulPreferenceCreate(preference.fill()));
  set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
      static_cast<std::uint64_t>(Device::product_workspace_bytes));
  set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_NONE));
  set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
      alignment_of(inputs_ * bytes_of(operand)));
  for (const auto attribute :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    set(preference, attribute, alignment_of(outputs_ * bytes_of(sums)));

  const Layout weight = rows_of(operand, outputs_, inputs_, outputs_),
               in = rows_of(operand, inputs_, usual_rows, inputs_),
               out = rows_of(sums, outputs_, usual_rows, outputs_);
  std::array<cublasLtMatmulHeuristicResult_t, 32> candidates = {};
  int found = 0;
  check(cublasLtMatmulAlgoGetHeuristic(
      device_.cublas(), description_.get(), weight.get(), in.get(), out.get(), out.get(),
      preference.get(), static_cast<int>(candidates.size()), candidates.data(), &found));
  for (const auto& candidate : std::span(candidates).first(static_cast<std::size_t>(found))) {
    if (candidate.state != CUBLAS_STATUS_SUCCESS || !sums_in_one_piece(candidate.algo)) continue;
    const auto serves_rows = [&](std::int64_t rows) { return serves(candidate.algo, rows); };
    if (!std::ranges::all_of(std::array<std::int64_t, 4>{1, 10, 60, 8192}, serves_rows)) continue;
    algorithm_ = candidate.algo;
    return;
  }
  throw DeviceError(fmt::format(
      "cuBLASLt {} has no algorithm for a product of {} by {} whose results are the same for any "
      "number of rows",
      cublasLtGetVersion(), inputs_, outputs_));
}

bool Product::serves(const cublasLtMatmulAlgo_t& algorithm, std::int64_t rows) const {
  const cudaDataType operand = operand_type(operand_), sums = sum_type(operand_);
  const Layout weight = rows_of(operand, outputs_, inputs_, outputs_),
               in = rows_of(operand, inputs_, rows, inputs_),
               out = rows_of(sums, outputs_, rows, outputs_);
  cublasLtMatmulHeuristicResult_t result = {};
  return cublasLtMatmulAlgoCheck(device_.cublas(), description_.get(), weight.get(), in.get(),
                                 out.get(), out.get(), &algorithm,
                                 &result) == CUBLAS_STATUS_SUCCESS &&
         result.state == CUBLAS_STATUS_SUCCESS &&
         result.workspaceSize <= static_cast<std::size_t>(Device::product_workspace_bytes);
}

void Product::enqueue(cudaStream_t stream, const Call& call) const {
  if (call.rows == 0) return;
  const cudaDataType operand = operand_type(operand_), sums = sum_type(operand_);
  const Layout weight = rows_of(operand, outputs_, inputs_, outputs_),
               in = rows_of(operand, inputs_, call.rows, call.in_stride),
               out = rows_of(sums, outputs_, call.rows, call.out_stride);
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
