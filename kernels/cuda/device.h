// One GPU as this process uses it: one stream, one arena, one list of work that waits to be
// launched. The backends of all rungs on it share it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include "kernels/cuda/arena.h"
#include "kernels/cuda/chain.h"
#include "kernels/cuda/derived_weights.h"
#include "kernels/cuda/owner.h"
#include "kernels/cuda/staging.h"
#include "kernels/cuda_plugin.h"

namespace headsweep::cuda {

/// The GPUs that this process may use; DeviceError that says what is missing if there are none.
std::vector<Gpu> find_gpus();

/// See CudaPlugin::free_bytes.
std::int64_t free_bytes(int gpu);

class Device : public std::enable_shared_from_this<Device> {
 public:
  /// This process's only one for the GPU.
  static std::shared_ptr<Device> open(int gpu, std::int64_t reserve_bytes);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const Gpu& gpu() const { return gpu_; }
  cublasLtHandle_t cublas() const { return cublas_.get(); }
  /// On the device's stream. Made when it is first wanted, which takes time and memory: short
  /// sequences do without.
  cudnnHandle_t cudnn();
  DerivedWeights& derived_weights() { return derived_weights_; }

  /// Device memory that goes back to the arena with its last owner. What was asked for before may
  /// still read and write it: all work is done in the order in which it was asked for.
  std::shared_ptr<void> allocate(std::int64_t bytes);

  /// Asks for an operation; see Chain.
  template <class... Parameters>
  void add(void (*enqueue)(cudaStream_t, Parameters...),
           std::type_identity_t<Parameters>... arguments) {
    chain_.add(enqueue, arguments...);
  }

  void copy_to_device(std::span<const std::byte> host, void* device);
  void copy_to_host(const void* device, std::span<std::byte> host);
  /// Until all that was asked for is done.
  void wait();

  /// Memory for what an operation needs on the way; what the next asks for may be the same.
  void* workspace(std::int64_t bytes);
  static constexpr std::int64_t product_workspace_bytes = std::int64_t{32} << 20;
  void* product_workspace() const { return product_workspace_.get(); }

 private:
  Device(Gpu gpu, std::int64_t reserve_bytes);
  /// CUDA's current device is the thread's own affair, and several may call.
  void make_current() const;
  void launch();

  Gpu gpu_;
  Owner<cudaStream_t, cudaStreamDestroy> stream_;
  Owner<cublasLtHandle_t, cublasLtDestroy> cublas_;
  Owner<cudnnHandle_t, cudnnDestroy> cudnn_;
  Arena arena_;
  Staging staging_;
  Chain chain_;
  DerivedWeights derived_weights_;
  // Pieces of the arena that have no owner besides; given back with the arena itself.
  std::shared_ptr<void> product_workspace_;
  std::shared_ptr<void> workspace_;
  std::int64_t workspace_bytes_ = 0;
};

}  // namespace headsweep::cuda
