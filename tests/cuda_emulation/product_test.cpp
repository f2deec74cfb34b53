// The emulated cuBLASLt against plain loops.
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <type_traits>
#include <vector>

#include <cublasLt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cuda_emulation/emulation.h"
#include "tests/cuda_emulation/gpu_test.h"

namespace {

using emulation::numbers;
using testing::HasSubstr;

struct Shape {
  int rows, columns, k;
  cublasOperation_t transpose_a, transpose_b;
  cublasLtEpilogue_t epilogue;
  int batches;
};

constexpr std::size_t gap = 3;  // leading dimensions are longer than columns

class Products : public emulation::GpuTest {
 public:
  ~Products() override {
    destroy_descriptors();
    cublasLtMatmulPreferenceDestroy(preference_);
    cublasLtDestroy(handle_);
  }

 protected:
  Products() {
    EXPECT_EQ(cublasLtCreate(&handle_), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cublasLtMatmulPreferenceCreate(&preference_), CUBLAS_STATUS_SUCCESS);
    const std::uint64_t bytes = 1 << 20;
    EXPECT_EQ(cublasLtMatmulPreferenceSetAttribute(
                  preference_, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof(bytes)),
              CUBLAS_STATUS_SUCCESS);
    workspace_ = device_memory<char>(bytes);
  }

  void destroy_descriptors() {
    for (const cublasLtMatrixLayout_t layout : layouts_) cublasLtMatrixLayoutDestroy(layout);
    layouts_.clear();
    if (operation_ != nullptr) cublasLtMatmulDescDestroy(operation_);
    operation_ = nullptr;
  }

  template <class Attribute, class T>
  void set(Attribute attribute, const T& value) {
    EXPECT_EQ(cublasLtMatmulDescSetAttribute(operation_, attribute, &value, sizeof(value)),
              CUBLAS_STATUS_SUCCESS);
  }

  void add_layout(cudaDataType type, int rows, int columns, int batches) {
    cublasLtMatrixLayout_t layout = nullptr;
    const auto leading = static_cast<std::int64_t>(rows + gap);
    const std::int64_t stride = leading * columns;
    EXPECT_EQ(cublasLtMatrixLayoutCreate(&layout, type, rows, columns, leading),
              CUBLAS_STATUS_SUCCESS);
    cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batches,
                                     sizeof(batches));
    cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride,
                                     sizeof(stride));
    layouts_.push_back(layout);
  }

  void describe(const Shape& shape, cudaDataType type, cudaDataType result_type, const void* bias) {
    destroy_descriptors();
    const bool doubles = type == CUDA_R_64F;
    EXPECT_EQ(
        cublasLtMatmulDescCreate(&operation_, doubles ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F,
                                 doubles ? CUDA_R_64F : CUDA_R_32F),
        CUBLAS_STATUS_SUCCESS);
    set(CUBLASLT_MATMUL_DESC_TRANSA, static_cast<std::int32_t>(shape.transpose_a));
    set(CUBLASLT_MATMUL_DESC_TRANSB, static_cast<std::int32_t>(shape.transpose_b));
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, static_cast<std::uint32_t>(shape.epilogue));
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    const bool turned_a = shape.transpose_a == CUBLAS_OP_T;
    const bool turned_b = shape.transpose_b == CUBLAS_OP_T;
    add_layout(type, turned_a ? shape.k : shape.rows, turned_a ? shape.rows : shape.k,
               shape.batches);
    add_layout(type, turned_b ? shape.columns : shape.k, turned_b ? shape.k : shape.columns,
               shape.batches);
    add_layout(result_type, shape.rows, shape.columns, shape.batches);
  }

  std::vector<cublasLtMatmulHeuristicResult_t> algorithms() {
    std::vector<cublasLtMatmulHeuristicResult_t> found(8);
    int count = 0;
    status_ =
        cublasLtMatmulAlgoGetHeuristic(handle_, operation_, layouts_[0], layouts_[1], layouts_[2],
                                       layouts_[2], preference_, 8, found.data(), &count);
    found.resize(static_cast<std::size_t>(count));
    return found;
  }

  template <class S>
  cublasStatus_t multiply(const cublasLtMatmulAlgo_t& algorithm, const void* a, const void* b,
                          void* d, S beta = 0) {
    const S alpha = 1;
    return cublasLtMatmul(handle_, operation_, &alpha, a, layouts_[0], b, layouts_[1], &beta, d,
                          layouts_[2], d, layouts_[2], &algorithm, workspace_, 1 << 20, stream);
  }

  template <class T>
  void compare(const Shape& shape);

  cublasLtHandle_t handle_ = nullptr;
  cublasLtMatmulPreference_t preference_ = nullptr;
  cublasLtMatmulDesc_t operation_ = nullptr;
  std::vector<cublasLtMatrixLayout_t> layouts_;  // A, B, D
  cublasStatus_t status_ = CUBLAS_STATUS_SUCCESS;
  char* workspace_ = nullptr;
};

double expected(const Shape& shape, const auto& a, const auto& b, const auto& bias, int batch,
                int row, int column) {
  const bool turned_a = shape.transpose_a == CUBLAS_OP_T;
  const bool turned_b = shape.transpose_b == CUBLAS_OP_T;
  const std::size_t a_leading = (turned_a ? shape.k : shape.rows) + gap;
  const std::size_t b_leading = (turned_b ? shape.columns : shape.k) + gap;
  const std::size_t a_first = batch * a_leading * (turned_a ? shape.rows : shape.k);
  const std::size_t b_first = batch * b_leading * (turned_b ? shape.k : shape.columns);
  double sum = 0;
  for (int i = 0; i < shape.k; ++i) {
    sum += double{a[a_first + (turned_a ? row * a_leading + i : i * a_leading + row)]} *
           b[b_first + (turned_b ? i * b_leading + column : column * b_leading + i)];
  }
  if ((shape.epilogue & CUBLASLT_EPILOGUE_BIAS) != 0) sum += bias[row];
  if ((shape.epilogue & CUBLASLT_EPILOGUE_GELU) == 0) return sum;
  return 0.5 * sum *
         (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (sum + 0.044715 * sum * sum * sum)));
}

template <class T>
void Products::compare(const Shape& shape) {
  const auto elements = [&](int rows, int columns) {
    return (rows + gap) * columns * shape.batches;
  };
  const bool turned_a = shape.transpose_a == CUBLAS_OP_T;
  const bool turned_b = shape.transpose_b == CUBLAS_OP_T;
  const auto a =
      numbers<T>(turned_a ? elements(shape.k, shape.rows) : elements(shape.rows, shape.k), 1);
  const auto b =
      numbers<T>(turned_b ? elements(shape.columns, shape.k) : elements(shape.k, shape.columns), 2);
  const auto bias = numbers<T>(shape.rows, 3);
  constexpr cudaDataType type = std::is_same_v<T, double> ? CUDA_R_64F : CUDA_R_32F;
  describe(shape, type, type, on_device(bias));
  T* const device_a = on_device(a);
  T* const device_b = on_device(b);
  const std::size_t result_size = elements(shape.rows, shape.columns);
  T* const device_d = device_memory<T>(result_size);
  const double tolerance =
      sizeof(T) == sizeof(double) ? 1e-13 : 1e-5;  // 70 products of at most 1/4
  const auto found = algorithms();
  ASSERT_EQ(found.size(), 3U);
  for (const auto& algorithm : found) {
    ASSERT_EQ(multiply<T>(algorithm.algo, device_a, device_b, device_d), CUBLAS_STATUS_SUCCESS);
    const std::vector<T> d = read(device_d, result_size);
    for (int batch = 0; batch < shape.batches; ++batch) {
      for (int column = 0; column < shape.columns; ++column) {
        for (int row = 0; row < shape.rows; ++row) {
          const std::size_t at = (batch * shape.columns + column) * (shape.rows + gap) + row;
          ASSERT_NEAR(d[at], expected(shape, a, b, bias, batch, row, column), tolerance);
        }
      }
    }
  }
}

TEST_F(Products, AreThoseOfAPlainLoop) {
  for (const auto transpose_a : {CUBLAS_OP_N, CUBLAS_OP_T}) {
    for (const auto transpose_b : {CUBLAS_OP_N, CUBLAS_OP_T}) {
      for (const auto epilogue :
           {CUBLASLT_EPILOGUE_DEFAULT, CUBLASLT_EPILOGUE_BIAS, CUBLASLT_EPILOGUE_GELU_BIAS}) {
        compare<float>({7, 5, 70, transpose_a, transpose_b, epilogue, 2});
      }
      compare<double>({6, 40, 33, transpose_a, transpose_b, CUBLASLT_EPILOGUE_DEFAULT, 1});
    }
  }
}

TEST_F(Products, OfBfloat16AreSummedInFloat) {
  const auto round = [](float value) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
  };
  const Shape shape = {4, 3, 50, CUBLAS_OP_T, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, 1};
  std::vector<float> a = numbers<float>((50 + gap) * 4, 1);
  std::vector<float> b = numbers<float>((50 + gap) * 3, 2);
  std::vector<std::uint16_t> short_a;
  std::vector<std::uint16_t> short_b;
  for (float& value : a) {
    short_a.push_back(round(value));
    value = std::bit_cast<float>(std::uint32_t{short_a.back()} << 16);
  }
  for (float& value : b) {
    short_b.push_back(round(value));
    value = std::bit_cast<float>(std::uint32_t{short_b.back()} << 16);
  }
  describe(shape, CUDA_R_16BF, CUDA_R_32F, nullptr);
  float* const d = device_memory<float>((4 + gap) * 3);
  ASSERT_EQ(multiply<float>(algorithms()[0].algo, on_device(short_a), on_device(short_b), d),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_NEAR(read(d, (4 + gap) * 3)[(4 + gap) + 2], expected(shape, a, b, a, 0, 2, 1), 1e-5);
}

TEST_F(Products, TheFirstAlgorithmDependsOnTheBatchAndItsBitsDiffer) {
  const int rows = 16;
  const int k = 100;
  const auto a = numbers<float>((k + gap) * rows, 1);
  const auto b = numbers<float>((k + gap) * 40, 2);
  float* const device_a = on_device(a);
  float* const device_b = on_device(b);
  const auto first_column = [&](int columns) {
    describe({rows, columns, k, CUBLAS_OP_T, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, 1}, CUDA_R_32F,
             CUDA_R_32F, nullptr);
    float* const d = device_memory<float>((rows + gap) * columns);
    EXPECT_EQ(multiply<float>(algorithms()[0].algo, device_a, device_b, d), CUBLAS_STATUS_SUCCESS);
    return read(d, rows);
  };
  EXPECT_EQ(first_column(31), first_column(1));
  EXPECT_NE(first_column(32), first_column(1));
  std::uint32_t splits = 0;
  describe({rows, 1, k, CUBLAS_OP_T, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, 1}, CUDA_R_32F,
           CUDA_R_32F, nullptr);
  EXPECT_EQ(
      cublasLtMatmulAlgoConfigGetAttribute(&algorithms()[0].algo, CUBLASLT_ALGO_CONFIG_SPLITK_NUM,
                                           &splits, sizeof(splits), nullptr),
      CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(splits, 2U);
}

TEST_F(Products, WhatTheLibraryLacksOrTheCallerGetsWrongIsRefused) {
  const Shape shape = {4, 4, 4, CUBLAS_OP_N, CUBLAS_OP_N, CUBLASLT_EPILOGUE_BIAS, 1};
  describe(shape, CUDA_R_64F, CUDA_R_64F, workspace_);
  EXPECT_TRUE(algorithms().empty());
  EXPECT_EQ(status_, CUBLAS_STATUS_NOT_SUPPORTED);  // no bias in float64
  describe(shape, CUDA_R_32F, CUDA_R_32F, workspace_);
  const auto found = algorithms();
  float* const matrix = device_memory<float>(2 * 4 * (4 + gap));
  std::vector<float> host(4 * (4 + gap));
  EXPECT_EQ(multiply<float>(found[0].algo, matrix + 1, matrix, matrix),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_THAT(emulation::faults(), HasSubstr("aligned worse"));
  EXPECT_EQ(multiply<float>(found[0].algo, host.data(), matrix, matrix),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(multiply<float>(found[0].algo, matrix + 32, matrix, matrix),
            CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_THAT(emulation::faults(), HasSubstr("a matrix does not lie in device memory"));
}

}  // namespace
