#include "pipeline/shared_weights.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "pipeline/ranks/device_broadcast.h"

namespace headsweep {
namespace {

/// Ranks of this node.
int neighbours(const Ranks& ranks) {
  return static_cast<int>(std::ranges::count(ranks.places(), ranks.place().node, &RankPlace::node));
}

/// How the ranks share what is packed for a weight form.
struct Sharing {
  WeightBlock packing;
  std::int64_t bytes;  // packed
};

/// In one block of each node's memory; in the device's own where a rank has its node to itself.
std::unique_ptr<Model> share_on_node(Ranks& ranks, const std::shared_ptr<StoredWeights>& stored,
                                     Backend& backend, const Sharing& sharing) {
  const NodeMemory block = neighbours(ranks) == 1
                               ? NodeMemory{.memory = backend.allocate_bytes(sharing.bytes)}
                               : ranks.share_on_node(sharing.bytes);
  const auto make = [&](WeightBlock state) {
    return std::make_unique<Model>(stored, backend, block.memory, state);
  };
  // Who packs does so before they meet, and the others take what is packed after.
  if (!block.mine_to_fill) {
    ranks.meet_on_node();
    return make(WeightBlock::packed_already);
  }
  auto model = make(sharing.packing);
  ranks.meet_on_node();
  return model;
}

/// In a block of each device's memory: packed on rank 0's, from where it goes to the others'.
std::unique_ptr<Model> share_among_devices(Ranks& ranks,
                                           const std::shared_ptr<StoredWeights>& stored,
                                           Backend& backend, const Sharing& sharing,
                                           const DeviceLink& link) {
  const std::shared_ptr<void> block = backend.allocate_bytes(sharing.bytes);
  const auto make = [&](WeightBlock state) {
    return std::make_unique<Model>(stored, backend, block, state);
  };
  std::unique_ptr<Model> packed = ranks.rank() == 0 ? make(sharing.packing) : nullptr;
  broadcast_device_memory(ranks, backend, block.get(), sharing.bytes, link);
  return packed ? std::move(packed) : make(WeightBlock::packed_already);
}

DeviceLink link_of(const Ranks& ranks, const FoundDevices& devices, double patience_seconds) {
  DeviceLink link;
  link.gpu = devices.mine.gpu->number;
  link.patience_seconds = patience_seconds;
  if (ranks.size() == 1) return link;
  link.nccl = nccl_of_plugin();
  link.obstacle = shared_gpus(ranks.places(), devices.all);
  const char* wanted = std::getenv("HEADSWEEP_NCCL");
  if (wanted != nullptr && std::string_view(wanted) == "off") link.obstacle = "HEADSWEEP_NCCL=off";
  return link;
}

}  // namespace

std::unique_ptr<Model> share_weights(Ranks& ranks, const std::shared_ptr<StoredWeights>& stored,
                                     Backend& backend, const FoundDevices& devices,
                                     WeightBlock packing, double patience_seconds) {
  const Sharing sharing{packing, packed_bytes(stored->config(), backend)};
  if (backend.info().memory == Memory::host) return share_on_node(ranks, stored, backend, sharing);
  return share_among_devices(ranks, stored, backend, sharing,
                             link_of(ranks, devices, patience_seconds));
}

}  // namespace headsweep
