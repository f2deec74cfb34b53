#include "pipeline/scaling.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include <fmt/format.h>

namespace headsweep {
namespace {

constexpr int family_counts[] = {1, 10, 100, 1000};

/// Points are independent of each other; the largest takes the longest, and so comes first.
void simulate_points(const ReplayedTrace& trace, const CostModel& cost,
                     std::vector<ScalingPoint>& points) {
  std::atomic<std::size_t> begun = 0;
  const auto work = [&] {
    for (std::size_t i = begun++; i < points.size(); i = begun++) {
      ScalingPoint& point = points[points.size() - 1 - i];
      point.result =
          simulate(trace, cost.cluster, equal_families(cost.family, point.families), point.ranks);
    }
  };
  std::vector<std::future<void>> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
    threads.push_back(std::async(std::launch::async, work));
  for (auto& thread : threads) thread.get();
}

}  // namespace

std::vector<ScalingPoint> simulate_scaling(const ReplayedTrace& trace, const CostModel& cost,
                                           int most_ranks) {
  std::vector<ScalingPoint> points;
  for (const int families : family_counts)
    for (int ranks = 1; ranks <= most_ranks; ranks *= 2)
      points.push_back({families, ranks, {}, 0, 0});
  simulate_points(trace, cost, points);
  double seconds_of_one = 0;
  for (ScalingPoint& point : points) {
    if (point.ranks == 1) seconds_of_one = point.result.seconds;
    point.speed_up = seconds_of_one / point.result.seconds;
    point.efficiency = point.speed_up / point.ranks;
  }
  return points;
}

std::string scaling_table(const std::vector<ScalingPoint>& points) {
  std::string text =
      fmt::format("{:>8} {:>6} {:>12} {:>9} {:>11} {:>9} {:>12} {:>11}\n", "families", "ranks",
                  "seconds", "speed-up", "efficiency", "waves", "evaluations", "discarded");
  for (const auto& [families, ranks, result, speed_up, efficiency] : points)
    text += fmt::format("{:>8} {:>6} {:>12.2f} {:>9.1f} {:>9.1f} % {:>9} {:>12} {:>11}\n", families,
                        ranks, result.seconds, speed_up, 100 * efficiency, result.waves,
                        result.evaluations, result.discarded);
  return text;
}

}  // namespace headsweep
