#include "pipeline/ranks/device_broadcast.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "io/errors.h"

namespace headsweep {
namespace {

constexpr std::int64_t piece_bytes = std::int64_t{64} << 20;

/// Which way the bytes take: rank 0 decides for all.
struct Way {
  std::vector<std::byte> nccl_id;  // empty: through the host
  std::string obstacle;            // why

  void visit(auto& archive) { archive(nccl_id, obstacle); }
};

Way choose_way(const DeviceLink& link) {
  if (!link.obstacle.empty()) return {{}, link.obstacle};
  if (link.nccl == nullptr) return {{}, "the CUDA plugin has no NCCL"};
  try {
    return {link.nccl->make_id(), ""};
  } catch (const std::exception& error) {
    return {{}, fmt::format("NCCL refuses: {}", error.what())};
  }
}

void broadcast_through_host(Ranks& ranks, Backend& backend, std::byte* block, std::int64_t bytes) {
  std::vector<std::byte> piece;
  for (std::int64_t first = 0; first < bytes; first += piece_bytes) {
    if (ranks.rank() == 0) {
      piece.resize(static_cast<std::size_t>(std::min(piece_bytes, bytes - first)));
      backend.copy_to_host(block + first, piece);
    }
    ranks.broadcast(piece);
    if (ranks.rank() != 0) backend.copy_to_device(piece, block + first);
  }
}

void broadcast_through_nccl(const Ranks& ranks, Backend& backend, void* block, std::int64_t bytes,
                            const DeviceLink& link, std::vector<std::byte> id) {
  backend.wait();  // what was packed has to lie there before another library reads it
  try {
    if (link.nccl == nullptr) throw MachineError("the CUDA plugin has no NCCL, rank 0's has");
    link.nccl->broadcast(
        {std::move(id), ranks.rank(), ranks.size(), link.gpu, link.patience_seconds}, block, bytes);
  } catch (const std::exception& error) {
    // All fail together: rank 0 speaks, and ends the others before they do.
    if (ranks.rank() != 0) std::this_thread::sleep_for(std::chrono::seconds(2));
    throw MachineError(
        fmt::format("the weights did not get from GPU to GPU: {}. NCCL_DEBUG=INFO tells more; "
                    "NCCL_SOCKET_IFNAME=eth0 names the network; HEADSWEEP_NCCL=off takes the way "
                    "through the hosts' memory",
                    error.what()));
  }
}

}  // namespace

void broadcast_device_memory(Ranks& ranks, Backend& backend, void* block, std::int64_t bytes,
                             const DeviceLink& link) {
  if (ranks.size() == 1) return;
  std::vector<std::byte> told;
  if (ranks.rank() == 0) told = to_bytes(choose_way(link));
  ranks.broadcast(told);
  auto [id, obstacle] = from_bytes<Way>(told);
  if (!id.empty()) {
    broadcast_through_nccl(ranks, backend, block, bytes, link, std::move(id));
    return;
  }
  if (ranks.rank() == 0)
    fmt::print(stderr, "weights go to the GPUs through the hosts' memory, which is slower: {}\n",
               obstacle);
  broadcast_through_host(ranks, backend, static_cast<std::byte*>(block), bytes);
}

const Nccl* nccl_of_plugin() {
  void* const entry = cuda_plugin_function(nccl_entry_name);
  return entry == nullptr ? nullptr : reinterpret_cast<NcclEntry>(entry)();
}

}  // namespace headsweep
