// What all cuBLASLt products have in common: elements, the form of matrices, and an algorithm that
// gives a row the same bits in any company.
//
// cuBLASLt's matrices are column-major: a row-major (rows, columns) is its (columns, rows).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <cublasLt.h>

#include "kernels/cuda/check.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/owner.h"

namespace headsweep::cuda {

/// What is multiplied; sums and results are float32, of float64 float64.
enum class Operand { bfloat16, float32, float64 };

cudaDataType operand_type(Operand operand);
cudaDataType sum_type(Operand operand);
std::int64_t bytes_of(cudaDataType type);

using ProductDescription = Owner<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using ProductLayout = Owner<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;

ProductDescription describe_product(Operand operand);

template <class T>
void set(cublasLtMatmulDesc_t description, cublasLtMatmulDescAttributes_t attribute,
         const T& value) {
  check(cublasLtMatmulDescSetAttribute(description, attribute, &value, sizeof(value)));
}

/// Matrices of the same form, `step` elements apart.
struct ProductBatch {
  std::int32_t count = 1;
  std::int64_t step = 0;
};
/// A row-major (rows, columns).
ProductLayout rows_layout(cudaDataType element, std::int64_t columns, std::int64_t rows,
                          std::int64_t stride, ProductBatch batch = {});

/// Of out = a b, as cuBLASLt names them.
struct ProductLayouts {
  ProductLayout a, b, out;
};

/// Rows of so many bytes, one after the other, begin at multiples of this.
std::int64_t row_alignment(std::int64_t row_bytes);

/// At multiples of how many bytes the matrices begin.
struct ProductAlignments {
  std::int64_t a, b, out;
};

/// The first of the library's list for the usual layouts whose sums come in one piece, and that
/// serves the others, too: so the bits of a row do not depend on how many there are. The list is
/// the same on every GPU of a kind; timing the candidates would be another choice on every rank.
/// DeviceError if there is none; `what`: "a product of 768 by 3072".
cublasLtMatmulAlgo_t choose_algorithm(const Device& device, cublasLtMatmulDesc_t description,
                                      const ProductAlignments& alignments,
                                      const ProductLayouts& usual,
                                      std::span<const ProductLayouts> others,
                                      const std::string& what);

}  // namespace headsweep::cuda
