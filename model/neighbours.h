// Runs of neighbours that have something in common.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace headsweep {

/// The longest runs of neighbours with equal keys. `key_of` gives a std::optional: items without a
/// key are in no run.
template <class Item, class KeyOf>
std::vector<std::span<Item>> runs_of_neighbours(std::span<Item> items, const KeyOf& key_of) {
  std::vector<std::span<Item>> runs;
  std::size_t first = 0;
  while (first < items.size()) {
    const auto key = key_of(items[first]);
    std::size_t end = first + 1;
    while (end < items.size() && key_of(items[end]) == key) ++end;
    if (key) runs.push_back(items.subspan(first, end - first));
    first = end;
  }
  return runs;
}

}  // namespace headsweep
