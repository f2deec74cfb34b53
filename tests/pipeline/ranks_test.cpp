#include "pipeline/ranks/ranks.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "io/errors.h"
#include "tests/ranks_test_main.h"

namespace headsweep {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t mega = 1 << 20;

/// Bytes that tell who made them.
std::vector<std::byte> bytes_of(int rank, std::int64_t count) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>(i * 31 + i / 4096 + static_cast<std::size_t>(rank) * 7);
  return bytes;
}

bool holds(const NodeMemory& memory, const std::vector<std::byte>& bytes) {
  return std::memcmp(memory.memory.get(), bytes.data(), bytes.size()) == 0;
}

void fill(const NodeMemory& memory, const std::vector<std::byte>& bytes) {
  std::ranges::copy(bytes, static_cast<std::byte*>(memory.memory.get()));
}

/// One after the other; fails if a message does not come.
Message next_message() {
  auto message = test_ranks().receive(20s);
  EXPECT_TRUE(message);
  return message.value_or(Message{-1, -1, {}});
}

class RanksTest : public testing::Test {
  /// Lest a rank receives what is meant for its next test.
  void TearDown() override { test_ranks().meet_on_node(); }
};

TEST_F(RanksTest, AgreeOnWhoIsWhere) {
  Ranks& ranks = test_ranks();
  ASSERT_GE(ranks.rank(), 0);
  ASSERT_LT(ranks.rank(), ranks.size());
  Writer writer;
  std::map<int, std::set<int>> on_node;
  for (const RankPlace& place : ranks.places()) {
    writer(place.host, place.node, place.rank_on_node);
    EXPECT_TRUE(on_node[place.node].insert(place.rank_on_node).second);
    EXPECT_FALSE(place.host.empty());
  }
  for (const auto& [node, numbers] : on_node)
    EXPECT_EQ(*numbers.rbegin() + 1, static_cast<int>(numbers.size())) << "numbered from 0";
  const std::vector<std::byte> mine = writer.take();
  std::vector<std::byte> of_rank_0 = mine;
  ranks.broadcast(of_rank_0);
  EXPECT_EQ(of_rank_0, mine);
  EXPECT_EQ(ranks.places().front().rank_on_node, 0);
}

TEST_F(RanksTest, MessagesFromOneRankToAnotherKeepTheirOrder) {
  Ranks& ranks = test_ranks();
  constexpr int each = 100;
  for (int number = 0; number < each; ++number)
    for (int to = 0; to < ranks.size(); ++to)
      // Short and long ones travel in different ways.
      ranks.send(to, {number, 0, bytes_of(ranks.rank(), number % 3 == 0 ? 20000 : number)});
  std::map<int, int> expected;
  for (int i = 0; i < each * ranks.size(); ++i) {
    const Message message = next_message();
    EXPECT_EQ(message.topic, expected[message.from]++) << "from " << message.from;
    EXPECT_EQ(message.body, bytes_of(message.from, message.topic % 3 == 0 ? 20000 : message.topic));
  }
  EXPECT_EQ(std::ssize(expected), ranks.size());
}

TEST_F(RanksTest, OwnMessagesComeAfterThoseOfOthers) {
  Ranks& ranks = test_ranks();
  ranks.meet_on_node();
  for (int to = 0; to < ranks.size(); ++to) ranks.send(to, {5, 0, {}});
  std::this_thread::sleep_for(200ms);  // without a look at what arrives
  for (int i = 0; i + 1 < ranks.size(); ++i) EXPECT_NE(next_message().from, ranks.rank());
  EXPECT_EQ(next_message().from, ranks.rank());
  EXPECT_FALSE(ranks.receive(0ms));
}

TEST_F(RanksTest, LongMessagesArriveWhole) {
  Ranks& ranks = test_ranks();
  const int next = (ranks.rank() + 1) % ranks.size(),
            before = (ranks.rank() + ranks.size() - 1) % ranks.size();
  ranks.send(next, {1, 0, bytes_of(ranks.rank(), 10 * mega + 3)});
  const Message message = next_message();
  EXPECT_EQ(message.from, before);
  EXPECT_TRUE(message.body == bytes_of(before, 10 * mega + 3));
}

TEST_F(RanksTest, BroadcastGivesAllWhatRank0Has) {
  Ranks& ranks = test_ranks();
  for (const std::int64_t size : {std::int64_t{0}, std::int64_t{1}, 70 * mega + 1}) {
    std::vector<std::byte> bytes = bytes_of(ranks.rank(), ranks.rank() == 0 ? size : 5);
    ranks.broadcast(bytes);
    EXPECT_TRUE(bytes == bytes_of(0, size)) << size;
  }
}

TEST_F(RanksTest, ANodesRanksSeeOneMemory) {
  Ranks& ranks = test_ranks();
  const std::int64_t size = 3 * mega + 1;
  const NodeMemory memory = ranks.share_on_node(size);
  if (ranks.size() == 1 && memory.memory == nullptr) return;  // one process alone shares nothing
  EXPECT_TRUE(memory.shared);
  EXPECT_EQ(memory.mine_to_fill, ranks.place().rank_on_node == 0);
  EXPECT_TRUE(holds(memory, std::vector<std::byte>(static_cast<std::size_t>(size)))) << "zeros";
  ranks.meet_on_node();
  const std::vector<std::byte> bytes = bytes_of(3, size);
  if (memory.mine_to_fill) fill(memory, bytes);
  ranks.meet_on_node();
  EXPECT_TRUE(holds(memory, bytes));
}

TEST_F(RanksTest, BroadcastFillsSharedMemoriesAndCopies) {
  Ranks& ranks = test_ranks();
  const std::int64_t size = 65 * mega + 5;
  std::vector<std::byte> own(static_cast<std::size_t>(size));
  const NodeMemory copy{std::shared_ptr<void>(own.data(), [](void*) {}), true, false};
  for (const NodeMemory& memory : {ranks.share_on_node(size), copy}) {
    if (ranks.size() == 1 && memory.memory == nullptr) continue;
    if (ranks.rank() == 0) fill(memory, bytes_of(1, size));
    ranks.broadcast_into(memory, size);
    ranks.meet_on_node();
    EXPECT_TRUE(ranks.rank() == 0 || holds(memory, bytes_of(1, size)))
        << (memory.shared ? "shared" : "a copy");
  }
}

TEST_F(RanksTest, WaitForAMessageAsLongAsTheyAreTold) {
  Ranks& ranks = test_ranks();
  if (ranks.size() == 1) return;  // nobody is there who could send
  const double start = ranks.seconds();
  EXPECT_FALSE(ranks.receive(300ms));
  EXPECT_GE(ranks.seconds() - start, 0.3);
  EXPECT_LT(ranks.seconds() - start, 3);
}

TEST_F(RanksTest, LosePatienceWithOneThatDoesNotCome) {
  Ranks& ranks = test_ranks();
  if (ranks.size() == 1) return;  // nobody could be late
  ranks.set_patience(0.3);
  if (ranks.place().rank_on_node > 0) {
    EXPECT_THROW(ranks.meet_on_node(), MachineError);
  } else {
    std::this_thread::sleep_for(1s);
    ranks.meet_on_node();
  }
  ranks.set_patience(20);
}

// The last test: others would receive these messages.
TEST_F(RanksTest, PartWithoutMessagesThatNobodyTakes) {
  Ranks& ranks = test_ranks();
  for (int to = 0; to < ranks.size(); ++to) ranks.send(to, {9, 0, bytes_of(1, 10 * mega)});
}

}  // namespace
}  // namespace headsweep
