// The part of headsweep that needs CUDA: a library of its own, libheadsweep_cuda.so, which lies
// beside the program and is loaded when a GPU is wanted. So the program starts where no CUDA is
// installed, and processes that compute on the CPU do not pay for it (60 ms, 200 MB).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/backend.h"
#include "kernels/rung.h"

namespace headsweep {

/// A GPU that this process may use, in the order of CUDA_VISIBLE_DEVICES.
struct Gpu {
  int number = 0;
  std::string name;        // "NVIDIA H100 80GB HBM3"
  std::string identity;    // its place on the bus, "0000:1B:00.0": the same GPU for every process
  std::string generation;  // "sm_90"
  std::int64_t memory_bytes = 0;
  std::int64_t free_bytes = 0;  // once it is asked for; see CudaPlugin::free_bytes
};

/// What a GPU can do at most, measured.
struct GpuLimits {
  double bfloat16_flops = 0, float32_flops = 0, float64_flops = 0;  // a second, of large products
  double memory_bytes = 0;                                          // read and written, a second
  double launch_seconds = 0;  // from one operation of a recorded chain to the next
};

/// Attention by each of a GPU's two ways; see CudaPlugin::time_attention.
struct AttentionTimes {
  double own_seconds = 0;      // the plugin's own kernel, which is made for short sequences
  double library_seconds = 0;  // cuBLASLt and cuDNN, which take over where sequences are long
};

/// Sequences of one length, and their heads.
struct AttentionShape {
  int sequences = 0, rows = 0, heads = 0, d_head = 0;  // rows: of each sequence
};

/// The CUDA libraries that are loaded.
struct CudaVersions {
  std::string runtime;  // "13.0"
  std::string driver;   // the newest CUDA that it knows, "13.0"; empty: there is none
  std::string cublas_lt, cudnn;
};

/// The plugin's functions. They throw DeviceError.
struct CudaPlugin {
  const char* program_version;  // must be the program's own

  /// The usable GPUs; DeviceError that says what is missing (driver, GPU) if there are none.
  std::vector<Gpu> (*find_gpus)();

  /// Of a GPU's memory. It costs memory of that GPU to ask: only the one that is used should be.
  std::int64_t (*free_bytes)(int gpu);

  /// Backends of one process on one GPU share its memory and its order of work.
  /// `reserve_bytes`: device memory to take at once, for all of them; more is taken as needed.
  std::unique_ptr<Backend> (*make_backend)(int gpu, Rung rung, std::int64_t reserve_bytes);

  GpuLimits (*measure_limits)(int gpu);

  /// Of every position of the sequences, on the rung; whichever way the length would go.
  AttentionTimes (*time_attention)(int gpu, Rung rung, AttentionShape shape);

  CudaVersions (*versions)();
};

/// The plugin, or the reason why there is none.
struct LoadedPlugin {
  const CudaPlugin* functions = nullptr;
  std::string reason;  // empty if there is one
};

/// Loads libheadsweep_cuda.so once: from $HEADSWEEP_PLUGINS, else from the program's folder, else
/// from ../lib/headsweep beside it.
const LoadedPlugin& cuda_plugin();

/// Whether a GPU may be found, by a look at files instead of loading what takes 60 ms and 200 MB.
enum class GpuOutlook {
  no_plugin,  // nobody has built it: this program is for CPUs
  no_driver,  // so that the plugin would find nothing
  likely,     // or $HEADSWEEP_PLUGINS says where to look
};
GpuOutlook gpu_outlook();

/// A function that the plugin exports under this name; nullptr if it has none.
void* cuda_plugin_function(const char* name);

}  // namespace headsweep
