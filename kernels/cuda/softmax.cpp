#include "kernels/cuda/softmax.h"

#include "kernels/cuda/check.h"

namespace headsweep::cuda {

Softmax::Softmax(cudnnHandle_t cudnn, Element element, std::int64_t rows, std::int64_t columns)
    : cudnn_(cudnn), element_(element) {
  check(cudnnCreateTensorDescriptor(rows_.fill()));
  check(
      cudnnSetTensor4dDescriptor(rows_.get(), CUDNN_TENSOR_NCHW,
                                 element == Element::float64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT,
                                 static_cast<int>(rows), static_cast<int>(columns), 1, 1));
}

void Softmax::enqueue(const void* scores, void* weights) const {
  const float one_float = 1, none_float = 0;
  const double one = 1, none = 0;
  const bool wide = element_ == Element::float64;
  check(cudnnSoftmaxForward(cudnn_, CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_INSTANCE,
                            wide ? static_cast<const void*>(&one) : &one_float, rows_.get(), scores,
                            wide ? static_cast<const void*>(&none) : &none_float, rows_.get(),
                            weights));
}

}  // namespace headsweep::cuda
