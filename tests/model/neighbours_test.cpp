#include "model/neighbours.h"

#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace headsweep {
namespace {

using Runs = std::vector<std::vector<int>>;

/// By sign; zero has no key.
Runs runs_of_signs(const std::vector<int>& numbers) {
  const auto sign = [](int number) {
    return number == 0 ? std::nullopt : std::optional(number > 0);
  };
  Runs runs;
  for (const auto run : runs_of_neighbours(std::span<const int>(numbers), sign))
    runs.emplace_back(run.begin(), run.end());
  return runs;
}

TEST(Neighbours, WithEqualKeysAreOneRun) {
  EXPECT_EQ(runs_of_signs({1, 2, -3, -4, 5}), (Runs{{1, 2}, {-3, -4}, {5}}));
}

TEST(Neighbours, WithoutAKeyAreInNoRunAndPartThoseBesideThem) {
  EXPECT_EQ(runs_of_signs({0, 1, 0, 0, 2, 3, 0}), (Runs{{1}, {2, 3}}));
  EXPECT_EQ(runs_of_signs({}), Runs());
}

}  // namespace
}  // namespace headsweep
