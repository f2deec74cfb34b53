// The table and the picture of how a search scales.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/scaling/scaling_picture.h"

namespace headsweep {
namespace {

using testing::HasSubstr;

const std::vector<ScalingPoint>& some_points() {
  static const auto points = [] {
    const ReplayedTrace trace(typical_trace(4, 4, 3), "");
    CostModel cost;
    cost.family.evaluation_seconds = {0.4, 0.3, 0.2, 0.1};
    cost.cluster.loading_seconds = 1;
    return simulate_scaling(trace, cost, 8);
  }();
  return points;
}

TEST(Scaling, IsReckonedForEachNumberOfRanksAndFamiliesAgainstOneRank) {
  const auto& points = some_points();
  ASSERT_EQ(points.size(), 4u * 4u);
  for (const ScalingPoint& point : points) {
    if (point.ranks == 1) {
      EXPECT_EQ(point.speed_up, 1);
    }
    EXPECT_GT(point.speed_up, 0.95) << point.ranks;
    EXPECT_LE(point.efficiency, 1.001) << point.ranks;
    EXPECT_EQ(point.efficiency * point.ranks, point.speed_up);
    EXPECT_GE(point.search_speed_up, point.speed_up);
    EXPECT_EQ(point.result.evaluations - point.result.discarded, point.families * 16);
  }
  EXPECT_EQ(points.back().families, 1000);
  EXPECT_EQ(points.back().ranks, 8);
  EXPECT_GT(points.back().efficiency, 0.98);
}

TEST(Scaling, TheTableHasARowForEachPoint) {
  const auto table = scaling_table(some_points());
  EXPECT_EQ(std::ranges::count(table, '\n'), 2 + 16);
  EXPECT_THAT(table, HasSubstr("efficiency"));
}

TEST(ScalingPicture, IsWholeAndEscapesItsCaption) {
  const std::string svg = scaling_picture(some_points(), "a < b & c");
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
  EXPECT_THAT(svg, HasSubstr("1000 families"));
  EXPECT_THAT(svg, testing::Not(HasSubstr("nan")));
  EXPECT_THAT(svg, testing::Not(HasSubstr("inf")));
}

}  // namespace
}  // namespace headsweep
