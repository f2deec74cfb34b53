#include "pipeline/corruptions.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace headsweep {

Words repeat_last(Words items) {
  assert(items.size() >= 2);
  items.back() = items[items.size() - 2];
  return items;
}

Words repeat_all(Words items) {
  std::fill(items.begin() + 1, items.end(), items.front());
  return items;
}

Words repeat_random_element(const Words& items, const Words& pool, RandomNumbers& random) {
  assert(pool.size() >= 2);
  Words repeated(items.size());
  do std::ranges::fill(repeated, pool[random.below(pool.size())]);
  while (repeated == items);
  return repeated;
}

Words switch_last_two(Words items) {
  assert(items.size() >= 2);
  std::swap(items.back(), items[items.size() - 2]);
  return items;
}

std::optional<Words> shuffle_items(const Words& items, RandomNumbers& random) {
  const bool all_the_same =
      std::ranges::all_of(items, [&](const std::string& word) { return word == items.front(); });
  if (all_the_same) return std::nullopt;
  Words shuffled = items;
  while (shuffled == items) random.shuffle(shuffled);
  return shuffled;
}

std::optional<Words> random_items(std::size_t count, const Pool& pool, const Follows& follows,
                                  RandomNumbers& random) {
  const Words& before_last = count == 2 ? pool.at_beginning : pool.later;
  const bool possible = std::ranges::any_of(before_last, [&](const std::string& word) {
    return std::ranges::any_of(pool.later,
                               [&](const std::string& next) { return !follows(word, next); });
  });
  if (!possible || pool.at_beginning.empty()) return std::nullopt;
  Words items(count);
  const auto draw = [&](const Words& words) { return words[random.below(words.size())]; };
  do {
    items.front() = draw(pool.at_beginning);
    for (std::size_t i = 1; i < count; ++i) items[i] = draw(pool.later);
  } while (follows(items[count - 2], items[count - 1]));
  return items;
}

}  // namespace headsweep
