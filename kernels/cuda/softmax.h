// Softmax of rows by cuDNN.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>
#include <cudnn.h>

#include "kernels/cuda/owner.h"
#include "kernels/matrix.h"

namespace headsweep::cuda {

/// Of (rows, columns) without gaps between rows.
class Softmax {
 public:
  /// `cudnn` puts its work on the stream that everything is on.
  Softmax(cudnnHandle_t cudnn, Element element, std::int64_t rows, std::int64_t columns);

  /// weights = exp(scores) / their sum, row by row; not in place. A score of minus infinity has
  /// the weight 0.
  void enqueue(const void* scores, void* weights) const;

 private:
  cudnnHandle_t cudnn_;
  Element element_;
  Owner<cudnnTensorDescriptor_t, cudnnDestroyTensorDescriptor> rows_;
};

}  // namespace headsweep::cuda
