// The operations that a device is asked for, kept until something has to wait for them. A chain
// that comes again, the same operations on the same memory, is launched as one CUDA graph: a layer
// of a search asks for the same chain for every wave. What decides is the list of operations with
// all their arguments, so that a graph can never be launched for another chain than its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include <cuda_runtime.h>

#include "kernels/backend.h"
#include "kernels/cuda/number_forms.h"
#include "kernels/cuda/owner.h"

namespace headsweep::cuda {

/// What a chain is recognised by: each operation's function and arguments, byte by byte.
class ChainKey {
 public:
  // Without the gaps between a struct's members, which hold anything.
  template <class T>
  requires std::has_unique_object_representations_v<T> || std::is_floating_point_v<T>
  void add(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void add(const Matrix& matrix);
  void add(const SequenceRows& sequences);
  void add(const HeadFill& fill);
  void add(const WeightPart& part);

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Chain {
 public:
  /// `enqueue` puts an operation with these arguments on a stream.
  template <class... Parameters>
  void add(void (*enqueue)(cudaStream_t, Parameters...),
           std::type_identity_t<Parameters>... arguments) {
    key_.add(enqueue);
    (key_.add(arguments), ...);
    operations_.emplace_back([=](cudaStream_t stream) { enqueue(stream, arguments...); });
  }

  /// Puts all that was added on the stream.
  void launch(cudaStream_t stream);

  std::int64_t graphs_made() const { return graphs_made_; }
  std::int64_t graphs_launched() const { return graphs_launched_; }

 private:
  struct Graph {
    Owner<cudaGraphExec_t, cudaGraphExecDestroy> executable;
    std::int64_t last_used = 0;
  };

  void enqueue_all(cudaStream_t stream);
  Graph& make_graph(cudaStream_t stream);

  ChainKey key_;
  std::vector<std::function<void(cudaStream_t)>> operations_;
  std::map<std::string, Graph> graphs_;
  std::unordered_set<std::size_t> seen_;  // hashes of chains that were launched once
  std::int64_t graphs_made_ = 0, graphs_launched_ = 0;
};

}  // namespace headsweep::cuda
