// Host memory that a GPU can read by itself, through which large copies go piece by piece: while
// one piece travels, the next is written.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <cuda_runtime.h>

#include "kernels/cuda/owner.h"

namespace headsweep::cuda {

class Staging {
 public:
  /// The host's bytes have been read when it returns; they reach the device in the stream's order.
  void copy_to_device(cudaStream_t stream, std::span<const std::byte> host, void* device);

  /// Waits for all that is on the stream.
  void copy_to_host(cudaStream_t stream, const void* device, std::span<std::byte> host);

 private:
  struct Piece {
    Owner<void*, cudaFreeHost> memory;
    Owner<cudaEvent_t, cudaEventDestroy> gone;  // the last copy from it
  };
  Piece& next();

  std::array<Piece, 4> pieces_;
  std::size_t turn_ = 0;
};

}  // namespace headsweep::cuda
