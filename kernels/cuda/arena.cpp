#include "kernels/cuda/arena.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace headsweep::cuda {
namespace {

/// What is taken at least when no free piece suffices.
constexpr std::int64_t least_block = std::int64_t{64} << 20;

}  // namespace

Arena::~Arena() {
  for (const auto& [start, bytes] : blocks_) source_.give_back(start);
}

void Arena::reserve(std::int64_t bytes) {
  if (bytes > taken_) take_block(round_up(bytes - taken_));
}

Arena::Pieces::iterator Arena::best_free(std::int64_t bytes) {
  auto best = free_.end();
  for (auto piece = free_.begin(); piece != free_.end(); ++piece)
    if (piece->second >= bytes && (best == free_.end() || piece->second < best->second))
      best = piece;
  return best;
}

void Arena::take_block(std::int64_t bytes) {
  auto* const start = static_cast<std::byte*>(source_.take(bytes));
  blocks_.emplace(start, bytes);
  free_.emplace(start, bytes);
  taken_ += bytes;
}

void* Arena::allocate(std::int64_t bytes) {
  const std::int64_t wanted = round_up(std::max(bytes, std::int64_t{1}));
  auto piece = best_free(wanted);
  if (piece == free_.end()) {
    take_block(std::max(wanted, least_block));
    piece = best_free(wanted);
  }
  const auto [start, size] = *piece;
  free_.erase(piece);
  if (size > wanted) free_.emplace(start + wanted, size - wanted);
  used_.emplace(start, wanted);
  in_use_ += wanted;
  return start;
}

void Arena::release(void* released) noexcept {
  const auto used = used_.find(static_cast<std::byte*>(released));
  assert(used != used_.end());
  in_use_ -= used->second;
  // The node moves from one map to the other, so that nothing is allocated.
  const auto inserted = free_.insert(used_.extract(used));
  join_neighbours(inserted.position);
}

/// Two free pieces become one, but not across the border of two blocks.
void Arena::join_neighbours(Pieces::iterator piece) {
  const auto touches = [&](Pieces::iterator left, Pieces::iterator right) {
    return left->first + left->second == right->first && !blocks_.contains(right->first);
  };
  if (const auto right = std::next(piece); right != free_.end() && touches(piece, right)) {
    piece->second += right->second;
    free_.erase(right);
  }
  if (piece == free_.begin()) return;
  if (const auto left = std::prev(piece); touches(left, piece)) {
    left->second += piece->second;
    free_.erase(piece);
  }
}

}  // namespace headsweep::cuda
