// Capture of a stream into a graph, and the launch of graphs.
#include "tests/cuda_emulation/machine.h"

using emulation::Capture;
using emulation::Machine;
using emulation::runtime_call;

namespace {

void leave_capture(Machine& machine, const std::shared_ptr<Capture>& capture) {
  for (const cudaStream_t stream : machine.streams) {
    if (stream->capture == capture) stream->capture = nullptr;
  }
}

template <class Handle>
cudaError_t check_handle(Machine& machine, const std::set<Handle>& known, Handle handle,
                         const char* call) {
  if (handle != nullptr && known.contains(handle)) return cudaSuccess;
  machine.fault(std::string(call) + " is given a graph that does not exist");
  return cudaErrorInvalidValue;
}

}  // namespace

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return runtime_call("cudaStreamBeginCapture", [&](Machine& machine) {
    const cudaError_t error = machine.check_stream("cudaStreamBeginCapture", stream);
    if (error != cudaSuccess) return error;
    if (stream->capture != nullptr) return cudaErrorIllegalState;
    stream->capture = std::make_shared<Capture>();
    stream->capture->origin = stream;
    stream->capture->mode = mode;
    stream->capture->thread = std::this_thread::get_id();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return runtime_call("cudaStreamEndCapture", [&](Machine& machine) {
    const cudaError_t error = machine.check_stream("cudaStreamEndCapture", stream);
    if (error != cudaSuccess) return error;
    *graph = nullptr;
    const std::shared_ptr<Capture> capture = stream->capture;
    if (capture == nullptr) return cudaErrorIllegalState;
    if (capture->origin != stream) {
      capture->invalid = true;
      return cudaErrorStreamCaptureUnmatched;
    }
    if (capture->mode != cudaStreamCaptureModeRelaxed &&
        capture->thread != std::this_thread::get_id()) {
      return cudaErrorStreamCaptureWrongThread;
    }
    leave_capture(machine, capture);
    if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
    if (!capture->unjoined.empty()) return cudaErrorStreamCaptureUnjoined;
    *graph = new CUgraph_st{capture->steps};
    machine.graphs.insert(*graph);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  return runtime_call("cudaStreamIsCapturing", [&](Machine& machine) {
    const cudaError_t error = machine.check_stream("cudaStreamIsCapturing", stream);
    if (error != cudaSuccess) return error;
    *status = cudaStreamCaptureStatusNone;
    if (stream->capture != nullptr) {
      *status = stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                         : cudaStreamCaptureStatusActive;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  return runtime_call("cudaGraphInstantiate", [&](Machine& machine) {
    const cudaError_t error = check_handle(machine, machine.graphs, graph, "cudaGraphInstantiate");
    if (error != cudaSuccess) return error;
    *executable = new CUgraphExec_st{graph->steps};
    machine.executables.insert(*executable);
    ++machine.counts.graphs_instantiated;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return runtime_call("cudaGraphLaunch", [&](Machine& machine) {
    cudaError_t error = machine.check_stream("cudaGraphLaunch", stream);
    if (error == cudaSuccess)
      error = check_handle(machine, machine.executables, executable, "cudaGraphLaunch");
    if (error != cudaSuccess) return error;
    if (stream->capture != nullptr) {  // a graph within a graph: not emulated
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    ++machine.counts.graph_launches;
    for (const emulation::Step& step : executable->steps) machine.enqueue(stream, step);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return runtime_call("cudaGraphGetNodes", [&](Machine& machine) {
    const cudaError_t error = check_handle(machine, machine.graphs, graph, "cudaGraphGetNodes");
    if (error != cudaSuccess) return error;
    if (nodes != nullptr) return cudaErrorNotSupported;  // only their number is known
    *count = graph->steps.size();
    return cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return runtime_call("cudaGraphDestroy", [&](Machine& machine) {
    const cudaError_t error = check_handle(machine, machine.graphs, graph, "cudaGraphDestroy");
    if (error != cudaSuccess) return error;
    machine.graphs.erase(graph);
    delete graph;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return runtime_call("cudaGraphExecDestroy", [&](Machine& machine) {
    const cudaError_t error =
        check_handle(machine, machine.executables, executable, "cudaGraphExecDestroy");
    if (error != cudaSuccess) return error;
    machine.executables.erase(executable);
    delete executable;
    return cudaSuccess;
  });
}
