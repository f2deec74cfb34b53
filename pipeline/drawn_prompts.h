// Which of a family's prompts a search is on: all of them, or as many drawn from them with
// replacement (a bootstrap's resample).
#pragma once

#include <cstddef>
#include <vector>

namespace headsweep {

/// Numbers of as many prompts as there are, each drawn from all of them. Depends on what is given
/// here alone. `resample` counts from 1; empty for 0: all prompts, as they are.
std::vector<int> draw_prompts(int resample, int seed, int prompts);

/// What belongs to those prompts, of what there is for each; all of it if none are named.
template <class T>
std::vector<T> drawn(const std::vector<T>& all, const std::vector<int>& prompts) {
  if (prompts.empty()) return all;
  std::vector<T> some;
  some.reserve(prompts.size());
  for (const int prompt : prompts) some.push_back(all[static_cast<std::size_t>(prompt)]);
  return some;
}

}  // namespace headsweep
