// The emulated cuDNN's softmax against a plain loop.
#include <cmath>
#include <vector>

#include <cudnn.h>
#include <gtest/gtest.h>

#include "tests/cuda_emulation/gpu_test.h"

namespace {

using emulation::numbers;

class CudnnSoftmax : public emulation::GpuTest {};

TEST_F(CudnnSoftmax, IsNormalisedOverAnInstanceOrOverChannels) {
  const std::vector<double> x = numbers<double>(2 * 3 * 4, 1);
  double* const device_x = on_device(x);
  double* const device_y = device_memory<double>(x.size());
  cudnnHandle_t handle = nullptr;
  cudnnTensorDescriptor_t tensor = nullptr;
  ASSERT_EQ(cudnnCreate(&handle), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnSetStream(handle, stream), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnCreateTensorDescriptor(&tensor), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnSetTensor4dDescriptor(tensor, CUDNN_TENSOR_NCHW, CUDNN_DATA_DOUBLE, 2, 3, 1, 4),
            CUDNN_STATUS_SUCCESS);
  for (const auto mode : {CUDNN_SOFTMAX_MODE_INSTANCE, CUDNN_SOFTMAX_MODE_CHANNEL}) {
    const double alpha = 1;
    const double beta = 0;
    ASSERT_EQ(cudnnSoftmaxForward(handle, CUDNN_SOFTMAX_ACCURATE, mode, &alpha, tensor, device_x,
                                  &beta, tensor, device_y),
              CUDNN_STATUS_SUCCESS);
    const std::vector<double> y = read(device_y, x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      double sum = 0;
      for (std::size_t j = i / 12 * 12; j < i / 12 * 12 + 12; ++j) {
        if (mode == CUDNN_SOFTMAX_MODE_INSTANCE || j % 4 == i % 4) sum += std::exp(x[j]);
      }
      ASSERT_NEAR(y[i], std::exp(x[i]) / sum, 1e-14);
    }
  }
  cudnnDestroyTensorDescriptor(tensor);
  cudnnDestroy(handle);
}

}  // namespace
