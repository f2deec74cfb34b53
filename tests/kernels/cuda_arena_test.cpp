#include <cstdlib>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/cuda/arena.h"

namespace headsweep::cuda {
namespace {

constexpr std::int64_t megabyte = std::int64_t{1} << 20;

struct Blocks {
  std::vector<std::int64_t> taken;
  int given_back = 0;

  BlockSource source() {
    return {[this](std::int64_t bytes) {
              taken.push_back(bytes);
              return std::malloc(static_cast<std::size_t>(bytes));
            },
            [this](void* block) {
              ++given_back;
              std::free(block);
            }};
  }
};

TEST(AnArena, CutsPiecesFromWhatWasReservedAndTakesMoreOnlyWhenThatIsUsedUp) {
  Blocks blocks;
  Arena arena(blocks.source());
  arena.reserve(100 * megabyte);
  std::vector<void*> pieces;
  for (int i = 0; i < 10; ++i) pieces.push_back(arena.allocate(10 * megabyte));
  EXPECT_EQ(blocks.taken, std::vector<std::int64_t>{100 * megabyte});
  arena.allocate(1);
  EXPECT_EQ(blocks.taken.size(), 2u);
  for (void* piece : pieces) arena.release(piece);
  arena.allocate(100 * megabyte);  // the pieces have become one again
  EXPECT_EQ(blocks.taken.size(), 2u);
}

TEST(AnArena, ReservesForAllTogether) {
  Blocks blocks;
  Arena arena(blocks.source());
  arena.reserve(100 * megabyte);
  arena.reserve(100 * megabyte);
  EXPECT_EQ(arena.bytes_taken(), 100 * megabyte);
  arena.reserve(130 * megabyte);
  EXPECT_EQ(arena.bytes_taken(), 130 * megabyte);
}

TEST(AnArena, GivesTheSameAddressesForTheSameRequests) {
  Blocks blocks;
  Arena arena(blocks.source());
  const auto round = [&] {
    std::vector<void*> pieces;
    for (const std::int64_t bytes : {1000, 70'000, 3, 512}) pieces.push_back(arena.allocate(bytes));
    for (const std::size_t i : {2u, 0u, 3u, 1u}) arena.release(pieces[i]);
    return pieces;
  };
  void* const in_between = arena.allocate(5000);
  const auto first = round();
  EXPECT_EQ(round(), first);
  arena.release(in_between);
  EXPECT_EQ(arena.bytes_in_use(), 0);
}

TEST(AnArena, AlignsEveryPiece) {
  Blocks blocks;
  Arena arena(
      {[&](std::int64_t bytes) { return std::aligned_alloc(256, static_cast<std::size_t>(bytes)); },
       [](void* block) { std::free(block); }});
  for (const std::int64_t bytes : {0, 1, 255, 256, 257}) {
    const auto address = reinterpret_cast<std::uintptr_t>(arena.allocate(bytes));
    EXPECT_EQ(address % Arena::alignment, 0u) << bytes;
  }
}

TEST(AnArena, GivesItsBlocksBackAtTheEndAlone) {
  Blocks blocks;
  {
    Arena arena(blocks.source());
    arena.release(arena.allocate(200 * megabyte));
    arena.allocate(megabyte);
    EXPECT_EQ(blocks.given_back, 0);
  }
  EXPECT_EQ(blocks.given_back, static_cast<int>(blocks.taken.size()));
}

TEST(AnArena, IsWholeAfterARequestThatCannotBeMet) {
  Blocks blocks;
  BlockSource source = blocks.source();
  Arena arena({[take = source.take](std::int64_t bytes) -> void* {
                 if (bytes > 500 * megabyte) throw std::runtime_error("no more");
                 return take(bytes);
               },
               source.give_back});
  void* const kept = arena.allocate(megabyte);
  EXPECT_THROW(arena.allocate(1000 * megabyte), std::runtime_error);
  EXPECT_EQ(arena.bytes_in_use(), megabyte);
  arena.release(kept);
  EXPECT_EQ(arena.bytes_in_use(), 0);
}

}  // namespace
}  // namespace headsweep::cuda
