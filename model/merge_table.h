// The merging half of byte-pair encoding: which neighbouring symbols become one, and in which
// order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace headsweep {

class MergeTable {
 public:
  void reserve(std::size_t merges);

  /// Adds the merge that comes after all before it. `left` and `right` must not have one already.
  void add(int left, int right, int result);

  /// How many merges come before the one of `left` and `right`.
  std::optional<int> rank(int left, int right) const;

  /// Merges what can be merged in a word: again and again the merge of lowest rank, everywhere it
  /// fits, from left to right. Time n log n in the word's length.
  void apply(std::vector<int>& symbols) const;

 private:
  struct Merge {
    int left, right, result;
  };
  struct Candidate;
  class Word;

  std::vector<Merge> merges_;  // by rank
  std::unordered_map<std::uint64_t, int> ranks_;
};

}  // namespace headsweep
