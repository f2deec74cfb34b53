// Causal attention over a long sequence: q k^T by cuBLASLt, own mask, softmax by cuDNN, weights
// times values by cuBLASLt. Scores lie in the device's workspace, for as many heads (and, if a
// single head's are too many, queries) at once as there is room for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "kernels/cuda/device.h"
#include "kernels/cuda/head_product.h"
#include "kernels/cuda/softmax.h"
#include "kernels/matrix.h"

namespace headsweep::cuda {

class LongAttention {
 public:
  /// Of scores and weights together. Enough for 4 heads of 1,024 positions in float32, which keep
  /// all multiprocessors busy; and little enough for a GPU's second cache (50 MB on an H100), so
  /// that they can stay there between two operations.
  static constexpr std::int64_t most_workspace_bytes = std::int64_t{32} << 20;

  LongAttention(std::shared_ptr<Device> device, Element element,
                std::int64_t workspace_bytes = most_workspace_bytes);

  /// Asks for z of one sequence; k, v: (positions, heads * d_head); q and z likewise, or of its
  /// last position alone. The bits of a query follow from its position, the sequence's length and
  /// the head's numbers alone; that cuDNN's softmax keeps to that is not documented, but tested
  /// (kernels/attention_test on a GPU). Keys behind a query have the weight 0, so that only a
  /// value there that is no finite number would be seen.
  void add(int heads, Matrix q, Matrix k, Matrix v, Matrix z);

 private:
  struct Products {
    HeadProduct scores, mixtures;
  };
  struct Part;

  const Products& products(std::int64_t d_head, std::int64_t keys);
  const Softmax& softmax(std::int64_t rows, std::int64_t columns);
  void add_part(const Products& products, const Part& part);

  std::shared_ptr<Device> device_;
  Element element_;
  std::int64_t workspace_bytes_;
  std::map<std::pair<std::int64_t, std::int64_t>, Products> products_;  // by d_head, keys
  std::map<std::pair<std::int64_t, std::int64_t>, Softmax> softmaxes_;  // by rows, columns
};

}  // namespace headsweep::cuda
