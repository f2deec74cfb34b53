#include "model/merge_table.h"

#include <algorithm>
#include <cassert>

namespace headsweep {
namespace {

std::uint64_t pair_key(int left, int right) {
  return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

struct MergeTable::Candidate {
  int rank;
  std::size_t at;  // of the left symbol

  /// Heaps put the greatest on top; we want the lowest rank, and of equals the leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

/// The symbols of a word as a linked list, and a heap of the pairs in it that may be merged. A pair
/// that has gone since stays in the heap and is recognised when it comes up.
class MergeTable::Word {
 public:
  Word(const MergeTable& table, std::vector<int>& symbols) : table_(table), symbols_(symbols) {
    links_.reserve(symbols.size());
    for (std::size_t at = 0; at < symbols.size(); ++at) links_.push_back({at - 1, at + 1});
    for (std::size_t at = 0; at + 1 < symbols.size(); ++at) note(at);
    heap_.swap(noted_);
    std::make_heap(heap_.begin(), heap_.end());
  }

  void merge_all() {
    while (!heap_.empty()) merge_everywhere(heap_.front().rank);
    std::erase(symbols_, gone);
  }

 private:
  static constexpr int gone = -1;
  static constexpr std::size_t before_first = static_cast<std::size_t>(-1);
  struct Links {
    std::size_t previous, next;
  };

  /// A merge can bring forth a pair of lower rank than its own; that pair waits until this merge
  /// has been made everywhere, as in encoder.py.
  void merge_everywhere(int rank) {
    const Merge& merge = table_.merges_[static_cast<std::size_t>(rank)];
    noted_.clear();
    while (!heap_.empty() && heap_.front().rank == rank) {
      const std::size_t at = heap_.front().at;
      std::pop_heap(heap_.begin(), heap_.end());
      heap_.pop_back();
      if (holds(at, merge)) join(at, merge.result);
    }
    for (const Candidate& candidate : noted_) {
      heap_.push_back(candidate);
      std::push_heap(heap_.begin(), heap_.end());
    }
  }

  bool holds(std::size_t at, const Merge& merge) const {
    const std::size_t next = links_[at].next;
    return symbols_[at] == merge.left && next < symbols_.size() && symbols_[next] == merge.right;
  }

  void join(std::size_t at, int result) {
    const std::size_t swallowed = links_[at].next, next = links_[swallowed].next;
    symbols_[at] = result;
    symbols_[swallowed] = gone;
    links_[at].next = next;
    if (next < symbols_.size()) {
      links_[next].previous = at;
      note(at);
    }
    if (links_[at].previous != before_first) note(links_[at].previous);
  }

  void note(std::size_t at) {
    if (auto rank = table_.rank(symbols_[at], symbols_[links_[at].next]))
      noted_.push_back({*rank, at});
  }

  const MergeTable& table_;
  std::vector<int>& symbols_;
  std::vector<Links> links_;
  std::vector<Candidate> heap_, noted_;
};

void MergeTable::reserve(std::size_t merges) {
  merges_.reserve(merges);
  ranks_.reserve(merges);
}

void MergeTable::add(int left, int right, int result) {
  [[maybe_unused]] const bool is_new =
      ranks_.emplace(pair_key(left, right), static_cast<int>(merges_.size())).second;
  assert(is_new);
  merges_.push_back({left, right, result});
}

std::optional<int> MergeTable::rank(int left, int right) const {
  const auto found = ranks_.find(pair_key(left, right));
  return found == ranks_.end() ? std::nullopt : std::optional(found->second);
}

void MergeTable::apply(std::vector<int>& symbols) const { Word(*this, symbols).merge_all(); }

}  // namespace headsweep
