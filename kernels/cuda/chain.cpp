#include "kernels/cuda/chain.h"

#include <algorithm>
#include <utility>

#include "kernels/cuda/check.h"

namespace headsweep::cuda {
namespace {

/// Launching a few operations one by one takes no longer than a graph.
constexpr std::size_t fewest_operations = 8;

/// One for each layer and rung of a search, and some; a graph takes some hundred kilobytes.
constexpr std::size_t most_graphs = 256;

/// Ends a capture that an exception leaves open.
class Capture {
 public:
  explicit Capture(cudaStream_t stream) : stream_(stream) {
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  }
  ~Capture() {
    if (open_) end();
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  Owner<cudaGraph_t, cudaGraphDestroy> finish() {
    const cudaError_t status = end();
    check(status);
    return std::move(graph_);
  }

 private:
  cudaError_t end() {
    open_ = false;
    return cudaStreamEndCapture(stream_, graph_.fill());
  }

  cudaStream_t stream_;
  bool open_ = true;
  Owner<cudaGraph_t, cudaGraphDestroy> graph_;
};

}  // namespace

void ChainKey::add(const Matrix& matrix) {
  add(matrix.data);
  add(matrix.rows);
  add(matrix.columns);
  add(matrix.stride);
  add(matrix.element);
}

void ChainKey::add(const SequenceRows& sequences) {
  add(sequences.starts);
  add(sequences.count);
  add(sequences.longest);
}

void ChainKey::add(const HeadFill& fill) {
  add(fill.values);
  add(fill.row);
  add(fill.head);
  add(fill.keep);
  add(fill.heads);
}

void ChainKey::add(const WeightPart& part) {
  add(part.rows);
  add(part.columns);
  add(part.inputs);
  add(part.outputs);
}

void Chain::enqueue_all(cudaStream_t stream) {
  for (const auto& enqueue : operations_) enqueue(stream);
}

void Chain::launch(cudaStream_t stream) {
  if (operations_.empty()) return;
  const auto found = graphs_.find(key_.bytes());
  if (found != graphs_.end() || (operations_.size() >= fewest_operations &&
                                 !seen_.insert(std::hash<std::string>()(key_.bytes())).second)) {
    Graph& graph = found != graphs_.end() ? found->second : make_graph(stream);
    graph.last_used = ++graphs_launched_;
    check(cudaGraphLaunch(graph.executable.get(), stream));
  } else {
    enqueue_all(stream);
  }
  operations_.clear();
  key_ = {};
}

Chain::Graph& Chain::make_graph(cudaStream_t stream) {
  Capture capture(stream);
  enqueue_all(stream);
  const auto recorded = capture.finish();
  if (graphs_.size() == most_graphs)
    graphs_.erase(std::ranges::min_element(graphs_, {},
                                           [](const auto& each) { return each.second.last_used; }));
  Graph graph;
  check(cudaGraphInstantiate(graph.executable.fill(), recorded.get(), 0));
  ++graphs_made_;
  return graphs_.emplace(key_.bytes(), std::move(graph)).first->second;
}

}  // namespace headsweep::cuda
