#include "pipeline/scaling/scaling.h"

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
      points.push_back({families, ranks, {}, 0, 0, 0});
  simulate_points(trace, cost, points);
  const ScalingPoint* one = nullptr;
  for (ScalingPoint& point : points) {
    if (point.ranks == 1) one = &point;
    point.speed_up = one->result.seconds / point.result.seconds;
    point.efficiency = point.speed_up / point.ranks;
    point.search_speed_up = one->result.search_seconds / point.result.search_seconds;
  }
  return points;
}

std::string scaling_table(const std::vector<ScalingPoint>& points) {
  std::string text = fmt::format(
      "{:>31} {:>21}   {:>20}\n{:>8} {:>6} {:>10} {:>9} {:>10} {:>12} {:>9} {:>9} {:>12} {:>10}\n",
      "with loading", "", "without", "families", "ranks", "seconds", "speed-up", "efficiency",
      "seconds", "speed-up", "waves", "evaluations", "discarded");
  for (const ScalingPoint& point : points) {
    const SimulationResult& result = point.result;
    text += fmt::format(
        "{:>8} {:>6} {:>10.2f} {:>9.1f} {:>8.1f} % {:>12.2f} {:>9.1f} {:>9} {:>12} {:>10}\n",
        point.families, point.ranks, result.seconds, point.speed_up, 100 * point.efficiency,
        result.search_seconds, point.search_speed_up, result.waves, result.evaluations,
        result.discarded);
  }
  return text;
}

}  // namespace headsweep
