#include "pipeline/drawn_prompts.h"

#include <cstdint>

#include "pipeline/random_bits.h"

namespace headsweep {

std::vector<int> draw_prompts(int resample, int seed, int prompts) {
  std::vector<int> numbers;
  if (resample == 0) return numbers;
  RandomNumbers random{static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(resample),
                       static_cast<std::uint64_t>(prompts)};
  for (int i = 0; i < prompts; ++i)
    numbers.push_back(static_cast<int>(random.below(static_cast<std::size_t>(prompts))));
  return numbers;
}

}  // namespace headsweep
