#include "pipeline/rank_devices.h"

#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/wording.h"
#include "pipeline/ranks/gather.h"
#include "pipeline/work_order.h"

namespace headsweep {
namespace {

/// A node and a GPU's place on its bus. Whoever sees one GPU alone has it as number 0: numbers tell
/// nothing.
using GpuPlace = std::pair<int, std::string>;

/// The ranks of each GPU.
std::map<GpuPlace, std::vector<int>> ranks_by_gpu(const std::vector<RankPlace>& places,
                                                  const std::vector<RankDevice>& devices) {
  std::map<GpuPlace, std::vector<int>> ranks;
  for (std::size_t rank = 0; rank < devices.size(); ++rank)
    if (!devices[rank].gpu.empty())
      ranks[{places[rank].node, devices[rank].gpu}].push_back(static_cast<int>(rank));
  return ranks;
}

std::string counted_gpus(std::size_t gpus) {
  return counted(static_cast<std::int64_t>(gpus), "GPU", "GPUs");
}

std::string name_of_kind(const RankDevice& device) {
  if (!device.gpu.empty()) return fmt::format("a GPU ({})", device.generation);
  return device.remark.empty() ? "the processor" : fmt::format("the processor ({})", device.remark);
}

RankDevice what_others_know(const Device& device) {
  if (!device.gpu) return {"", "", 0, device.remark, ""};
  return {device.gpu->generation, device.gpu->identity, device.gpu->free_bytes, "", ""};
}

/// Rank 0 speaks for all; the others have nothing to add, and end.
void check_that_all_have_one(const Ranks& ranks, const std::vector<RankDevice>& devices) {
  for (int rank = 0; rank < ranks.size(); ++rank) {
    const std::string& failure = devices[static_cast<std::size_t>(rank)].failure;
    if (failure.empty()) continue;
    if (ranks.rank() != 0) throw ToldToAll(failure);
    // It says already where it was noticed.
    throw std::runtime_error(rank == 0 ? failure
                                       : fmt::format("{}: {}", ranks.name_of(rank), failure));
  }
}

void check_that_all_are_alike(const Ranks& ranks, const std::vector<RankDevice>& devices) {
  const RankDevice& first = devices.front();
  for (int rank = 1; rank < ranks.size(); ++rank) {
    const RankDevice& other = devices[static_cast<std::size_t>(rank)];
    if (other.generation == first.generation) continue;
    throw ToldToAll(
        fmt::format("{} computes on {}, rank 0 on {}: the last bits of a score would depend on who "
                    "computed it; use nodes of one kind (srun --constraint), or run.device: cpu",
                    ranks.name_of(rank), name_of_kind(other), name_of_kind(first)));
  }
}

}  // namespace

FoundDevices find_devices(Ranks& ranks, DeviceChoice choice, int threads, double patience_seconds) {
  const DeviceRequest request{choice, threads, ranks.place().rank_on_node};
  FoundDevices found;
  if (ranks.size() == 1) {
    found.mine = find_device(request);
    found.all = {what_others_know(found.mine)};
    return found;
  }
  RankDevice mine;
  try {
    found.mine = find_device(request);
    mine = what_others_know(found.mine);
  } catch (const std::exception& error) {
    mine.failure = error.what();
  }
  for (const auto& bytes : gather(ranks, to_bytes(mine), patience_seconds))
    found.all.push_back(from_bytes<RankDevice>(bytes));
  check_that_all_have_one(ranks, found.all);
  check_that_all_are_alike(ranks, found.all);
  return found;
}

MemoryShare least_share(const std::vector<RankPlace>& places,
                        const std::vector<RankDevice>& devices) {
  MemoryShare least{.of_gpu = true, .bytes = std::numeric_limits<std::int64_t>::max()};
  for (const auto& [gpu, ranks] : ranks_by_gpu(places, devices))
    for (const int rank : ranks) {
      const MemoryShare share = share_of_gpu(devices[static_cast<std::size_t>(rank)].free_bytes,
                                             static_cast<int>(ranks.size()));
      if (share.bytes < least.bytes) least = share;
    }
  return least;
}

std::string shared_gpus(const std::vector<RankPlace>& places,
                        const std::vector<RankDevice>& devices) {
  std::string text;
  for (const auto& [gpu, ranks] : ranks_by_gpu(places, devices)) {
    if (ranks.size() == 1) continue;
    text += fmt::format("{}{} ranks share GPU {} on {}", text.empty() ? "" : ", ", ranks.size(),
                        gpu.second, places[static_cast<std::size_t>(ranks.front())].host);
  }
  return text;
}

std::string describe_ranks(const std::vector<RankPlace>& places,
                           const std::vector<RankDevice>& devices) {
  const std::string& remark = devices.front().remark;
  std::string text = remark.empty() ? "" : fmt::format(" ({})", remark);
  if (places.size() == 1) return text;
  std::set<int> nodes;
  for (const RankPlace& place : places) nodes.insert(place.node);
  text +=
      fmt::format(", {} ranks on {}", places.size(), counted(std::ssize(nodes), "node", "nodes"));
  const std::size_t gpus = ranks_by_gpu(places, devices).size();
  if (gpus > 0) text += ", " + counted_gpus(gpus);
  const std::string shared = shared_gpus(places, devices);
  return shared.empty() ? text : text + ": " + shared;
}

std::string ranks_of_start(const std::vector<RankPlace>& places,
                           const std::vector<RankDevice>& devices) {
  std::set<std::string> hosts;
  for (const RankPlace& place : places) hosts.insert(place.host);
  std::string text = fmt::format("{}", places.size());
  if (hosts.size() > 1) text += fmt::format(" on {} hosts", hosts.size());
  const std::size_t gpus = ranks_by_gpu(places, devices).size();
  return gpus == 0 ? text : text + ", " + counted_gpus(gpus);
}

std::string gpus_of_start(const std::vector<RankPlace>& places,
                          const std::vector<RankDevice>& devices) {
  std::vector<std::string> texts;
  for (const auto& [gpu, ranks] : ranks_by_gpu(places, devices))
    texts.push_back(
        fmt::format("{} {}", places[static_cast<std::size_t>(ranks.front())].host, gpu.second));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace headsweep
