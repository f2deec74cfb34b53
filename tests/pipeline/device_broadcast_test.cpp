#include "pipeline/ranks/device_broadcast.h"

#include <cstring>
#include <stdexcept>

#include <gmock/gmock.h>

#include "pipeline/ranks/gather.h"
#include "tests/processor.h"
#include "tests/ranks_test_main.h"

namespace headsweep {
namespace {

constexpr std::int64_t small = 1000, more_than_a_piece = (std::int64_t{64} << 20) + 12345;

std::byte byte_at(std::int64_t i) { return static_cast<std::byte>(i * 31 + i / 4096); }

/// A block of each rank's, of which rank 0's is filled.
struct Block {
  std::int64_t size;
  std::unique_ptr<Backend> backend = open_processor(Rung::fp32, 1);
  std::shared_ptr<void> memory = backend->allocate_bytes(size);

  explicit Block(std::int64_t wanted) : size(wanted) {
    auto* bytes = static_cast<std::byte*>(memory.get());
    for (std::int64_t i = 0; i < size; ++i)
      bytes[i] = test_ranks().rank() == 0 ? byte_at(i) : std::byte{};
  }
  bool is_filled() const {
    const auto* bytes = static_cast<const std::byte*>(memory.get());
    for (std::int64_t i = 0; i < size; ++i)
      if (bytes[i] != byte_at(i)) return false;
    return true;
  }
};

const Nccl refusing = {
    nullptr, []() -> std::vector<std::byte> { throw std::runtime_error("no network"); }, nullptr};

TEST(DeviceBroadcast, GoesThroughTheHostWhereNcclIsNotToBeHad) {
  Block block(more_than_a_piece);
  broadcast_device_memory(test_ranks(), *block.backend, block.memory.get(), block.size, {});
  EXPECT_TRUE(block.is_filled());
}

TEST(DeviceBroadcast, GoesThroughTheHostWhereNcclRefuses) {
  Block block(small);
  DeviceLink link;
  link.nccl = &refusing;
  broadcast_device_memory(test_ranks(), *block.backend, block.memory.get(), block.size, link);
  EXPECT_TRUE(block.is_filled());
}

TEST(Gather, BringsWhatEveryRankSaysToAll) {
  Ranks& ranks = test_ranks();
  for (int round = 0; round < 3; ++round) {
    const std::vector<std::byte> mine(static_cast<std::size_t>(ranks.rank() + round),
                                      static_cast<std::byte>(ranks.rank()));
    const auto all = gather(ranks, mine, 20);
    ASSERT_EQ(std::ssize(all), ranks.size());
    for (int rank = 0; rank < ranks.size(); ++rank)
      EXPECT_EQ(all[static_cast<std::size_t>(rank)],
                std::vector<std::byte>(static_cast<std::size_t>(rank + round),
                                       static_cast<std::byte>(rank)));
  }
}

}  // namespace
}  // namespace headsweep
