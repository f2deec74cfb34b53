#include "pipeline/rank_devices.h"

#include <gmock/gmock.h>

namespace headsweep {
namespace {

constexpr std::int64_t giga = 1'000'000'000;

/// Two nodes with two ranks each.
const std::vector<RankPlace> places = {{"n1", 0, 0}, {"n1", 0, 1}, {"n2", 1, 0}, {"n2", 1, 1}};

RankDevice gpu(const std::string& place, std::int64_t free_bytes = 80 * giga) {
  return {"sm_90", place, free_bytes, "", ""};
}

const RankDevice processor;

TEST(RankDevices, AGpuIsKnownByItsNodeAndItsPlaceThere) {
  const std::vector<RankDevice> devices = {gpu("A"), gpu("B"), gpu("A"), gpu("B")};
  EXPECT_EQ(describe_ranks(places, devices), ", 4 ranks on 2 nodes, 4 GPUs");
  EXPECT_EQ(ranks_of_start(places, devices), "4 on 2 hosts, 4 GPUs");
  EXPECT_EQ(gpus_of_start(places, devices), "n1 A, n1 B, n2 A, n2 B");
  EXPECT_EQ(shared_gpus(places, devices), "");
}

TEST(RankDevices, RanksThatShareAGpuAreTold) {
  const std::vector<RankDevice> devices = {gpu("A"), gpu("A"), gpu("A"), gpu("B")};
  EXPECT_EQ(shared_gpus(places, devices), "2 ranks share GPU A on n1");
  EXPECT_EQ(describe_ranks(places, devices),
            ", 4 ranks on 2 nodes, 3 GPUs: 2 ranks share GPU A on n1");
}

TEST(RankDevices, ProcessorsAreCountedAsRanks) {
  const std::vector<RankDevice> devices(4, processor);
  EXPECT_EQ(describe_ranks(places, devices), ", 4 ranks on 2 nodes");
  EXPECT_EQ(ranks_of_start(places, devices), "4 on 2 hosts");
  EXPECT_EQ(gpus_of_start(places, devices), "");
  EXPECT_EQ(describe_ranks({places.front()}, {processor}), "");
  EXPECT_EQ(describe_ranks({places.front()}, {{"", "", 0, "no GPU: no driver", ""}}),
            " (no GPU: no driver)");
}

TEST(RankDevices, TheRankWithTheLeastMemoryDecides) {
  EXPECT_EQ(least_share(places, {gpu("A"), gpu("B"), gpu("A", 8 * giga), gpu("B")}).bytes,
            share_of_gpu(8 * giga, 1).bytes);
  const MemoryShare shared = least_share(places, {gpu("A"), gpu("A"), gpu("A"), gpu("B")});
  EXPECT_EQ(shared.ranks, 2);
  EXPECT_EQ(shared.bytes, share_of_gpu(80 * giga, 2).bytes);
}

}  // namespace
}  // namespace headsweep
