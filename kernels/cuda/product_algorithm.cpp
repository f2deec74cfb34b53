#include "kernels/cuda/product_algorithm.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include <fmt/format.h>

#include "kernels/device_error.h"

namespace headsweep::cuda {
namespace {

// CUBLAS_COMPUTE_32F multiplies float32 as float32, not as TF32.
cublasComputeType_t compute_type(Operand operand) {
  return operand == Operand::float64 ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F;
}

template <class T>
void set(cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t attribute, const T& value) {
  check(cublasLtMatrixLayoutSetAttribute(layout, attribute, &value, sizeof(value)));
}

using Preference = Owner<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

template <class T>
void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t attribute,
         const T& value) {
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof(value)));
}

Preference prefer(const ProductAlignments& alignments) {
  Preference preference;
  check(cublasLtMatmulPreferenceCreate(preference.fill()));
  set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
      static_cast<std::uint64_t>(Device::product_workspace_bytes));
  set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_NONE));
  const auto set_alignment = [&](auto attribute, std::int64_t bytes) {
    set(preference, attribute, static_cast<std::uint32_t>(bytes));
  };
  set_alignment(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignments.a);
  set_alignment(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignments.b);
  set_alignment(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignments.out);
  set_alignment(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignments.out);
  return preference;
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

bool serves(const Device& device, cublasLtMatmulDesc_t description,
            const cublasLtMatmulAlgo_t& algorithm, const ProductLayouts& layouts) {
  const auto& [a, b, out] = layouts;
  cublasLtMatmulHeuristicResult_t result = {};
  return cublasLtMatmulAlgoCheck(device.cublas(), description, a.get(), b.get(), out.get(),
                                 out.get(), &algorithm, &result) == CUBLAS_STATUS_SUCCESS &&
         result.state == CUBLAS_STATUS_SUCCESS &&
         result.workspaceSize <= static_cast<std::size_t>(Device::product_workspace_bytes);
}

}  // namespace

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

std::int64_t bytes_of(cudaDataType type) {
  return type == CUDA_R_16BF ? 2 : type == CUDA_R_32F ? 4 : 8;
}

ProductDescription describe_product(Operand operand) {
  ProductDescription description;
  check(cublasLtMatmulDescCreate(description.fill(), compute_type(operand), sum_type(operand)));
  return description;
}

ProductLayout rows_layout(cudaDataType element, std::int64_t columns, std::int64_t rows,
                          std::int64_t stride, ProductBatch batch) {
  ProductLayout layout;
  check(cublasLtMatrixLayoutCreate(layout.fill(), element, static_cast<std::uint64_t>(columns),
                                   static_cast<std::uint64_t>(rows), stride));
  if (batch.count == 1) return layout;
  set(layout.get(), CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, batch.count);
  set(layout.get(), CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, batch.step);
  return layout;
}

std::int64_t row_alignment(std::int64_t row_bytes) {
  constexpr std::int64_t vector_bytes = 16;
  return std::min(vector_bytes, row_bytes & -row_bytes);
}

cublasLtMatmulAlgo_t choose_algorithm(const Device& device, cublasLtMatmulDesc_t description,
                                      const ProductAlignments& alignments,
                                      const ProductLayouts& usual,
                                      std::span<const ProductLayouts> others,
                                      const std::string& what) {
  const Preference preference = prefer(alignments);
  const auto& [a, b, out] = usual;
  std::array<cublasLtMatmulHeuristicResult_t, 32> candidates = {};
  int found = 0;
  check(cublasLtMatmulAlgoGetHeuristic(
      device.cublas(), description, a.get(), b.get(), out.get(), out.get(), preference.get(),
      static_cast<int>(candidates.size()), candidates.data(), &found));
  for (const auto& candidate : std::span(candidates).first(static_cast<std::size_t>(found))) {
    const cublasLtMatmulAlgo_t& algorithm = candidate.algo;
    if (candidate.state != CUBLAS_STATUS_SUCCESS || !sums_in_one_piece(algorithm)) continue;
    if (std::ranges::all_of(others, [&](const ProductLayouts& each) {
          return serves(device, description, algorithm, each);
        }))
      return algorithm;
  }
  throw DeviceError(fmt::format(
      "cuBLASLt {} has no algorithm for {} whose results are the same for any number of rows",
      cublasLtGetVersion(), what));
}

}  // namespace headsweep::cuda
