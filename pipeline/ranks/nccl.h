// What the CUDA plugin offers of NCCL: the way from one GPU's memory into the others'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace headsweep {

/// The GPUs among which something is broadcast, as one of them sees it.
struct NcclGroup {
  std::vector<std::byte> id;  // rank 0's make_id(), on all ranks
  int rank = 0, ranks = 1;
  int gpu = 0;  // as CudaPlugin::find_gpus() numbers them
  double patience_seconds = 600;
};

/// All throw std::runtime_error with what NCCL says.
struct Nccl {
  std::string (*version)();  // "NCCL 2.28.9"

  /// With which the ranks of a group find each other.
  std::vector<std::byte> (*make_id)();

  /// All ranks of the group together: rank 0's memory into the others'. Gives up, and gives the
  /// group up, when nothing has moved for `patience_seconds`.
  void (*broadcast)(const NcclGroup& group, void* memory, std::int64_t bytes);
};

/// The function of the plugin's that returns it.
constexpr const char* nccl_entry_name = "headsweep_nccl";
using NcclEntry = const Nccl* (*)();

}  // namespace headsweep
