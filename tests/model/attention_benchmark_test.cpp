#include "model/attention_benchmark.h"

#include <gtest/gtest.h>

namespace headsweep {
namespace {

/// The libraries take a second for every length.
std::vector<AttentionTime> times(const std::vector<double>& own_seconds) {
  std::vector<AttentionTime> all;
  for (const double seconds : own_seconds) all.push_back({"fp32", 64 << all.size(), 1, seconds, 1});
  return all;
}

TEST(MeasuredCrossover, IsTheShortestLengthFromWhichOnTheLibrariesAreAlwaysFaster) {
  EXPECT_EQ(measured_crossover(times({0.5, 0.9, 1.1, 2})), 256);
  EXPECT_EQ(measured_crossover(times({1.1, 0.9, 1.1, 2})), 256);
  EXPECT_EQ(measured_crossover(times({1.1, 1.2, 1.3, 1.4})), 64);
}

TEST(MeasuredCrossover, IsNoneWhereTheyAreNotFasterForTheLongest) {
  EXPECT_EQ(measured_crossover(times({1.1, 2, 1})), 0);
  EXPECT_EQ(measured_crossover({}), 0);
}

}  // namespace
}  // namespace headsweep
