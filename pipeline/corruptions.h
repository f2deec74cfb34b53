// Items of clean prompts made into those of corrupted ones: words in, words out. How to add a
// corruption: CONTRIBUTING.md.
#pragma once

#include <functional>
#include <optional>

#include "io/family_spec.h"
#include "pipeline/generators.h"
#include "pipeline/random_bits.h"

namespace headsweep {

/// `1 3 5 7` -> `1 3 5 5`.
Words repeat_last(Words items);

/// `1 3 5 7` -> `1 1 1 1`.
Words repeat_all(Words items);

/// `1 3 5 7` -> `9 9 9 9`, a word of `pool`; never the items that were there.
Words repeat_random_element(const Words& items, const Words& pool, RandomNumbers& random);

/// `1 3 5 7` -> `1 3 7 5`.
Words switch_last_two(Words items);

/// Another order than theirs, each of the others as likely; nullopt if all items are the same.
std::optional<Words> shuffle_items(const Words& items, RandomNumbers& random);

/// What is drawn from. Fewer words are one token at the beginning of a text than elsewhere.
struct Pool {
  Words at_beginning, later;
};

/// Words of the pool, of which the last never follows the one before it; nullopt if no two words
/// can stand so.
using Follows = std::function<bool(const std::string& word, const std::string& next)>;
std::optional<Words> random_items(std::size_t count, const Pool& pool, const Follows& follows,
                                  RandomNumbers& random);

}  // namespace headsweep
