// The emulated cuDNN.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>
#include <vector>

#include <cudnn.h>

#include "tests/cuda_emulation/machine.h"

struct cudnnContext {
  cudaStream_t stream = nullptr;
};

struct cudnnTensorStruct {
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::array<int, 4> sizes{};  // n, c, h, w
  std::array<int, 4> strides{};
};

namespace {

using Tensor = cudnnTensorStruct;

struct Softmax {
  Tensor x_tensor, y_tensor;
  const void* x;
  void* y;
  double alpha, beta;
  cudnnSoftmaxMode_t mode;
};

// Where the elements lie that are normalised together: over c, h and w of an instance, or over c at
// one place.
std::vector<std::size_t> offsets(const Tensor& tensor, cudnnSoftmaxMode_t mode) {
  const bool over_places = mode == CUDNN_SOFTMAX_MODE_INSTANCE;
  std::vector<std::size_t> all;
  for (int c = 0; c < tensor.sizes[1]; ++c) {
    for (int h = 0; h < (over_places ? tensor.sizes[2] : 1); ++h) {
      for (int w = 0; w < (over_places ? tensor.sizes[3] : 1); ++w) {
        all.push_back(std::size_t{0} + c * tensor.strides[1] + h * tensor.strides[2] +
                      w * tensor.strides[3]);
      }
    }
  }
  return all;
}

template <class T>
void normalise(const Softmax& softmax, const std::vector<std::size_t>& from,
               const std::vector<std::size_t>& to, const T* x, T* y) {
  T greatest = -std::numeric_limits<T>::infinity();
  for (const std::size_t offset : from) greatest = std::max(greatest, x[offset]);
  std::vector<T> powers(from.size());
  T sum = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    powers[i] = std::exp(x[from[i]] - greatest);
    sum += powers[i];
  }
  for (std::size_t i = 0; i < to.size(); ++i) {
    const T value = static_cast<T>(softmax.alpha) * (powers[i] / sum);
    y[to[i]] = softmax.beta == 0 ? value : value + static_cast<T>(softmax.beta) * y[to[i]];
  }
}

template <class T>
void run(const Softmax& softmax) {
  const std::vector<std::size_t> from = offsets(softmax.x_tensor, softmax.mode);
  const std::vector<std::size_t> to = offsets(softmax.y_tensor, softmax.mode);
  const auto& [instances, channels, heights, widths] = softmax.x_tensor.sizes;
  const bool one_place = softmax.mode == CUDNN_SOFTMAX_MODE_INSTANCE;
  for (int n = 0; n < instances; ++n) {
    for (int h = 0; h < (one_place ? 1 : heights); ++h) {
      for (int w = 0; w < (one_place ? 1 : widths); ++w) {
        const auto first = [&](const Tensor& tensor) {
          return std::ptrdiff_t{n} * tensor.strides[0] + h * tensor.strides[2] +
                 w * tensor.strides[3];
        };
        normalise(softmax, from, to, static_cast<const T*>(softmax.x) + first(softmax.x_tensor),
                  static_cast<T*>(softmax.y) + first(softmax.y_tensor));
      }
    }
  }
}

std::size_t tensor_bytes(const Tensor& tensor) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < 4; ++i)
    last += static_cast<std::size_t>(tensor.sizes[i] - 1) * tensor.strides[i];
  return (last + 1) * (tensor.type == CUDNN_DATA_DOUBLE ? sizeof(double) : sizeof(float));
}

double scalar(const void* value, cudnnDataType_t type) {
  return type == CUDNN_DATA_DOUBLE ? *static_cast<const double*>(value)
                                   : *static_cast<const float*>(value);
}

}  // namespace

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  auto& machine = emulation::machine();
  const std::lock_guard lock(machine.mutex);
  if (machine.before("cudnnCreate") != cudaSuccess) return CUDNN_STATUS_NOT_INITIALIZED;
  *handle = new cudnnContext;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

std::size_t cudnnGetVersion() { return CUDNN_VERSION; }

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS:
      return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED:
      return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_BAD_PARAM:
      return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_NOT_SUPPORTED:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_INTERNAL_ERROR:
      return "CUDNN_STATUS_INTERNAL_ERROR";
    case CUDNN_STATUS_EXECUTION_FAILED:
      return "CUDNN_STATUS_EXECUTION_FAILED";
  }
  return "CUDNN_UNKNOWN_STATUS";
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
  *tensor = new cudnnTensorStruct;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  if (format == CUDNN_TENSOR_NHWC) {
    return cudnnSetTensor4dDescriptorEx(tensor, type, n, c, h, w, h * w * c, 1, w * c, c);
  }
  return cudnnSetTensor4dDescriptorEx(tensor, type, n, c, h, w, c * h * w, h * w, w, 1);
}

cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t tensor, cudnnDataType_t type,
                                           int n, int c, int h, int w, int n_stride, int c_stride,
                                           int h_stride, int w_stride) {
  const std::array<int, 4> sizes = {n, c, h, w};
  const std::array<int, 4> strides = {n_stride, c_stride, h_stride, w_stride};
  const auto positive = [](int value) { return value > 0; };
  if (!std::all_of(sizes.begin(), sizes.end(), positive) ||
      !std::all_of(strides.begin(), strides.end(), positive)) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  *tensor = {type, sizes, strides};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
  delete tensor;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSoftmaxForward(cudnnHandle_t handle, cudnnSoftmaxAlgorithm_t algorithm,
                                  cudnnSoftmaxMode_t mode, const void* alpha,
                                  const cudnnTensorDescriptor_t x_tensor, const void* x,
                                  const void* beta, const cudnnTensorDescriptor_t y_tensor,
                                  void* y) {
  auto& machine = emulation::machine();
  const std::lock_guard lock(machine.mutex);
  if (machine.before("cudnnSoftmaxForward") != cudaSuccess) return CUDNN_STATUS_EXECUTION_FAILED;
  if (machine.check_current("cudnnSoftmaxForward", handle->stream) != cudaSuccess)
    return CUDNN_STATUS_BAD_PARAM;
  if (x_tensor->type != y_tensor->type || x_tensor->sizes != y_tensor->sizes)
    return CUDNN_STATUS_BAD_PARAM;
  if (algorithm != CUDNN_SOFTMAX_ACCURATE ||
      (x_tensor->type != CUDNN_DATA_FLOAT && x_tensor->type != CUDNN_DATA_DOUBLE)) {
    return CUDNN_STATUS_NOT_SUPPORTED;
  }
  if (!machine.in_device_memory(x, tensor_bytes(*x_tensor)) ||
      !machine.in_device_memory(y, tensor_bytes(*y_tensor))) {
    machine.fault("cudnnSoftmaxForward: a tensor does not lie in device memory");
    return CUDNN_STATUS_BAD_PARAM;
  }
  const Softmax softmax = {
      *x_tensor, *y_tensor, x, y, scalar(alpha, x_tensor->type), scalar(beta, x_tensor->type),
      mode};
  const cudaError_t queued = machine.enqueue(handle->stream, [softmax] {
    if (softmax.x_tensor.type == CUDNN_DATA_DOUBLE) {
      run<double>(softmax);
    } else {
      run<float>(softmax);
    }
    return emulation::Progress::done;
  });
  return queued == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED;
}
