// Streams and events. What is queued runs when somebody waits for it, and not before.
#include "tests/cuda_emulation/machine.h"

using emulation::current_device;
using emulation::EventRecord;
using emulation::Machine;
using emulation::Progress;
using emulation::runtime_call;

namespace {

// So many questions in a row are a program that waits by asking: then the work is done.
constexpr int queries_that_wait = 16;

cudaError_t check_event(Machine& machine, std::string_view call, cudaEvent_t event) {
  if (event != nullptr && machine.events.contains(event)) return cudaSuccess;
  machine.fault(std::string(call) + " is given an event that does not exist");
  return cudaErrorInvalidResourceHandle;
}

// The state of a stream that is asked about or waited for must not be part of a capture.
cudaError_t refuse_captured(cudaStream_t stream) {
  if (stream->capture == nullptr) return cudaSuccess;
  if (stream->capture->invalid) return cudaErrorStreamCaptureInvalidated;
  stream->capture->invalid = true;
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t refuse_captured(const CUevent_st& event) {
  if (event.record == nullptr || event.record->capture == nullptr) return cudaSuccess;
  event.record->capture->invalid = true;
  return cudaErrorCapturedEvent;
}

// A stream takes part in the capture of the event that it waits for, or (the origin) gets it back.
cudaError_t wait_in_capture(cudaStream_t stream, const EventRecord& record) {
  if (stream->capture == nullptr) {
    if (!stream->queue.empty()) return cudaErrorStreamCaptureIsolation;
    stream->capture = record.capture;
    record.capture->joined.insert(stream);
    record.capture->unjoined.insert(stream);
    return cudaSuccess;
  }
  if (stream->capture != record.capture) return cudaErrorStreamCaptureMerge;
  record.capture->unjoined.erase(record.stream);
  return cudaSuccess;
}

// Runs the record's stream up to it.
Progress run_until(Machine& machine, EventRecord& record) {
  while (!record.done && machine.streams.contains(record.stream) && !record.stream->queue.empty()) {
    if (machine.lasting_error != cudaSuccess) break;
    if (record.stream->queue.front()() == Progress::waits) return Progress::waits;
    record.stream->queue.pop_front();
  }
  return Progress::done;
}

}  // namespace

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int) {
  return runtime_call("cudaStreamCreateWithFlags", [&](Machine& machine) {
    *stream = new CUstream_st{current_device(), {}, 0, nullptr};
    machine.streams.insert(*stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return runtime_call("cudaStreamDestroy", [&](Machine& machine) {
    const cudaError_t error = machine.check_stream("cudaStreamDestroy", stream);
    if (error != cudaSuccess) return error;
    if (stream->capture != nullptr) stream->capture->invalid = true;
    machine.finish(stream);
    machine.streams.erase(stream);
    delete stream;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return runtime_call("cudaStreamSynchronize", [&](Machine& machine) {
    cudaError_t error = machine.check_stream("cudaStreamSynchronize", stream);
    if (error == cudaSuccess) error = refuse_captured(stream);
    if (error != cudaSuccess) return error;
    ++machine.counts.synchronizations;
    stream->queries = 0;
    machine.finish(stream);
    return machine.lasting_error;
  });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return runtime_call("cudaStreamQuery", [&](Machine& machine) {
    cudaError_t error = machine.check_stream("cudaStreamQuery", stream);
    if (error == cudaSuccess) error = refuse_captured(stream);
    if (error != cudaSuccess) return error;
    if (!stream->queue.empty() && ++stream->queries > queries_that_wait) machine.advance(stream);
    if (machine.lasting_error != cudaSuccess) return machine.lasting_error;
    return stream->queue.empty() ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int) {
  return runtime_call("cudaStreamWaitEvent", [&](Machine& machine) {
    cudaError_t error = machine.check_stream("cudaStreamWaitEvent", stream);
    if (error == cudaSuccess) error = check_event(machine, "cudaStreamWaitEvent", event);
    if (error != cudaSuccess || event->record == nullptr) return error;
    if (event->record->capture != nullptr) {
      error = wait_in_capture(stream, *event->record);
      if (error != cudaSuccess) event->record->capture->invalid = true;
      return error;
    }
    if (stream->capture != nullptr) {
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureIsolation;
    }
    return machine.enqueue(
        stream, [&machine, record = event->record] { return run_until(machine, *record); });
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  return runtime_call("cudaEventCreateWithFlags", [&](Machine& machine) {
    *event = new CUevent_st{current_device(), flags, nullptr};
    machine.events.insert(*event);
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return runtime_call("cudaEventRecord", [&](Machine& machine) {
    cudaError_t error = machine.check_stream("cudaEventRecord", stream);
    if (error == cudaSuccess) error = check_event(machine, "cudaEventRecord", event);
    if (error == cudaSuccess && event->device != stream->device)
      error = cudaErrorInvalidResourceHandle;
    if (error != cudaSuccess) return error;
    const auto record = std::make_shared<EventRecord>();
    record->stream = stream;
    record->capture = stream->capture;
    event->record = record;
    if (stream->capture != nullptr) {
      return stream->capture->invalid ? cudaErrorStreamCaptureInvalidated : cudaSuccess;
    }
    return machine.enqueue(stream, [record] {
      record->time = std::chrono::steady_clock::now();
      record->done = true;
      return Progress::done;
    });
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return runtime_call("cudaEventSynchronize", [&](Machine& machine) {
    cudaError_t error = check_event(machine, "cudaEventSynchronize", event);
    if (error == cudaSuccess) error = refuse_captured(*event);
    if (error != cudaSuccess) return error;
    ++machine.counts.synchronizations;
    const std::shared_ptr<EventRecord> record = event->record;
    if (record != nullptr) machine.finish(record);
    return machine.lasting_error;
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return runtime_call("cudaEventQuery", [&](Machine& machine) {
    cudaError_t error = check_event(machine, "cudaEventQuery", event);
    if (error == cudaSuccess) error = refuse_captured(*event);
    if (error != cudaSuccess || event->record == nullptr || event->record->done) return error;
    const cudaStream_t stream = event->record->stream;
    if (!machine.streams.contains(stream)) return cudaSuccess;
    if (++stream->queries > queries_that_wait) run_until(machine, *event->record);
    if (machine.lasting_error != cudaSuccess) return machine.lasting_error;
    return event->record->done ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return runtime_call("cudaEventElapsedTime", [&](Machine& machine) {
    cudaError_t error = check_event(machine, "cudaEventElapsedTime", start);
    if (error == cudaSuccess) error = check_event(machine, "cudaEventElapsedTime", end);
    if (error != cudaSuccess) return error;
    const bool untimed = ((start->flags | end->flags) & cudaEventDisableTiming) != 0;
    if (untimed || start->record == nullptr || end->record == nullptr)
      return cudaErrorInvalidResourceHandle;
    if (!start->record->done || !end->record->done) return cudaErrorNotReady;
    *milliseconds =
        std::chrono::duration<float, std::milli>(end->record->time - start->record->time).count();
    return cudaSuccess;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return runtime_call("cudaEventDestroy", [&](Machine& machine) {
    const cudaError_t error = check_event(machine, "cudaEventDestroy", event);
    if (error != cudaSuccess) return error;
    machine.events.erase(event);
    delete event;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceSynchronize() {
  return runtime_call("cudaDeviceSynchronize", [&](Machine& machine) {
    const cudaError_t error = machine.refuse_in_capture();
    if (error != cudaSuccess) return error;
    ++machine.counts.synchronizations;
    machine.finish_device(current_device());
    return machine.lasting_error;
  });
}
