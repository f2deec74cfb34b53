#include "pipeline/guards.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "pipeline/random_bits.h"

namespace headsweep {
namespace {

/// Sums in float32 are not better than this, even where the circuits measured happen to come out
/// exact.
constexpr double least_error = 1e-6;

// Decisions as near to the threshold as this, in units of it, are a 1 - 1 / e part of all in the
// published search; as many decisions as the second number are weighed against that.
constexpr double usual_nearness = 0.4;
constexpr double weight_of_usual = 8;
constexpr std::size_t decisions_looked_at = 64;

/// Keeps everything below the layer, and from it on `kept` of every eight components, at random.
Circuit reduced_from(int first_layer, std::uint64_t kept, std::uint64_t seed,
                     const SearchRule& rule) {
  Circuit circuit = rule.everything();
  const auto falls = [&](int number) {
    return random_bits(random_bits(seed) + static_cast<std::uint64_t>(number)) % 8 >= kept;
  };
  const int all_heads = rule.layers * rule.heads * rule.positions;
  const GreedySearch search(rule);
  for (const Component& each : search.coming()) {
    if (each.layer < first_layer) continue;
    const int head = each.layer * rule.heads + each.head;
    const int number = each.kind == Component::Kind::mlp
                           ? all_heads + each.layer
                           : head * rule.positions + std::max(each.position, 0);
    if (falls(number)) circuit.remove(each);
  }
  return circuit;
}

}  // namespace

void Guards::set_errors(std::vector<double> errors) {
  errors_ = std::move(errors);
  for (double& error : errors_) error = std::max(error, least_error);
}

bool Guards::see(int rung, double error) {
  if (rung == ladder_.top()) return false;
  double& largest = errors_[static_cast<std::size_t>(rung)];
  if (!(error > largest)) return false;
  largest = error;
  return true;
}

double Guards::of(int rung) const {
  return rung == ladder_.top() ? tie_points
                               : guard_factor * errors_[static_cast<std::size_t>(rung)];
}

double Guards::climb_probability(int rung, std::span<const double> margins,
                                 double threshold_percent) const {
  const double guard = of(rung);
  const auto latest = margins.last(std::min(margins.size(), decisions_looked_at));
  const auto near = static_cast<double>(
      std::ranges::count_if(latest, [&](double margin) { return std::abs(margin) < guard; }));
  const double usual =
      1 - std::exp(-guard / (usual_nearness * std::max(threshold_percent, tie_points)));
  return (near + weight_of_usual * usual) / (static_cast<double>(latest.size()) + weight_of_usual);
}

int Guards::cheapest_start(std::span<const double> margins, double threshold_percent) const {
  if (ladder_.climbing == Climbing::never) return 0;
  int best = ladder_.top();
  double after = 0, cheapest = ladder_.costs.back();
  for (int rung = ladder_.top() - 1; rung >= 0; --rung) {
    // What follows a rung costs as often as a decision is too close for it.
    const double probability = climb_probability(rung, margins, threshold_percent);
    after += probability * ladder_.costs[static_cast<std::size_t>(rung) + 1];
    const double all = ladder_.costs[static_cast<std::size_t>(rung)] + after;
    if (all < cheapest) {
      best = rung;
      cheapest = all;
    }
  }
  return best;
}

std::vector<Circuit> guard_circuits(const SearchRule& of_job) {
  constexpr std::uint64_t half = 4, few = 2;
  // What there is to remove does not depend on its order.
  SearchRule rule = of_job;
  rule.order = Order::backward;
  const int layers = rule.layers;
  std::vector<Circuit> circuits;
  circuits.push_back(GreedySearch(rule).wanted());
  for (const int first_layer : {2 * layers / 3, layers / 3})
    circuits.push_back(reduced_from(first_layer, half, 0, rule));
  // Most of a search's circuits keep few components, and err most.
  for (const int first_layer : {2 * layers / 3, layers / 3, 0})
    for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}})
      circuits.push_back(reduced_from(first_layer, few, seed, rule));
  std::ranges::sort(circuits);
  circuits.erase(std::unique(circuits.begin(), circuits.end()), circuits.end());
  return circuits;
}

}  // namespace headsweep
