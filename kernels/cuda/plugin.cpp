// What libheadsweep_cuda.so exports.
#include "headsweep/version.h"

#include "kernels/cuda/attention_times.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/gpu_limits.h"
#include "kernels/cuda/libraries.h"
#include "kernels/cuda_plugin.h"

extern "C" [[gnu::visibility("default")]] const headsweep::CudaPlugin* headsweep_cuda_plugin() {
  using namespace headsweep;
  static const CudaPlugin plugin{.program_version = program_version.data(),
                                 .find_gpus = cuda::find_gpus,
                                 .free_bytes = cuda::free_bytes,
                                 .make_backend = cuda::make_backend,
                                 .measure_limits = cuda::measure_limits,
                                 .time_attention = cuda::time_attention,
                                 .versions = cuda::versions};
  return &plugin;
}
