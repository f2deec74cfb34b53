// A GPU's memory: a few large blocks from CUDA, cut into pieces here. CUDA's own allocation takes
// long and waits for all work; and the same sequence of requests gets the same addresses here,
// which is what makes a recorded chain of work recognisable (chain.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

namespace headsweep::cuda {

/// Where the large blocks come from. Pieces are never looked into.
struct BlockSource {
  std::function<void*(std::int64_t bytes)> take;
  std::function<void(void*)> give_back;
};

class Arena {
 public:
  static constexpr std::int64_t alignment = 256;
  /// To a multiple of the alignment.
  static constexpr std::int64_t round_up(std::int64_t bytes) {
    return (bytes + alignment - 1) / alignment * alignment;
  }

  explicit Arena(BlockSource source) : source_(std::move(source)) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Takes a block at once, so that there are so many bytes in all.
  void reserve(std::int64_t bytes);

  /// The smallest free piece that suffices, the one at the lowest address of equals; a new block if
  /// none does.
  void* allocate(std::int64_t bytes);
  void release(void* piece) noexcept;

  std::int64_t bytes_in_use() const { return in_use_; }
  std::int64_t bytes_taken() const { return taken_; }

 private:
  using Pieces = std::map<std::byte*, std::int64_t>;  // start, bytes

  Pieces::iterator best_free(std::int64_t bytes);
  void take_block(std::int64_t bytes);
  void join_neighbours(Pieces::iterator piece);

  BlockSource source_;
  Pieces blocks_, free_, used_;
  std::int64_t in_use_ = 0, taken_ = 0;
};

}  // namespace headsweep::cuda
