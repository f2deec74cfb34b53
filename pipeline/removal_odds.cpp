#include "pipeline/removal_odds.h"

#include <algorithm>
#include <cmath>

namespace headsweep {
namespace {

// Lengths are in units of the threshold, so that the model fits any.
constexpr double decay = 0.93, first_scale = 0.05, least_drop = 0.003;  // of the scale of drops
constexpr double odds_at_line = 0.85, slope = 0.8;                      // of the odds to be kept
constexpr double count_decay = 0.9, count_prior = 12;                   // of kept and expected
constexpr double relative_error = 0.25, absolute_error = 0.02;          // of an estimate
constexpr double error_decay = 0.95, least_error = 0.2, most_error = 30;
constexpr double mean_of_error = 1.4;  // of |Student t| with two degrees of freedom
constexpr double least_probability = 0.02;

double square(double x) { return x * x; }

void move_towards(double& value, double target, double decay_of_value) {
  value = decay_of_value * value + (1 - decay_of_value) * target;
}

}  // namespace

RemovalOdds::RemovalOdds(const SearchRule& rule)
    : threshold_percent_(std::max(rule.threshold_percent, 1e-6)),
      heads_(rule.heads),
      positions_(rule.positions),
      log_scale_(std::log(first_scale * threshold_percent_)),
      kept_(count_prior),
      expected_(count_prior),
      estimates_(index_of({rule.layers, 0})) {}

std::size_t RemovalOdds::index_of(const Component& component) const {
  const auto& [layer, head, kind, position] = component;
  const int in_layer = kind == Component::Kind::mlp ? heads_ * positions_
                                                    : head * positions_ + std::max(position, 0);
  return static_cast<std::size_t>(layer * (heads_ * positions_ + 1) + in_layer);
}

void RemovalOdds::estimate(const Component& component, double drop_percent) {
  if (std::isfinite(drop_percent)) estimates_[index_of(component)] = drop_percent;
}

double RemovalOdds::kept_unestimated(double distance) const {
  const double odds =
      odds_at_line * kept_ / expected_ * std::pow(1 + distance / std::exp(log_scale_), -slope);
  return odds / (1 + odds);
}

double RemovalOdds::squared_width(double drop) const {
  return square(error_) *
         (square(relative_error * drop) + square(absolute_error * threshold_percent_));
}

RemovalOdds::Outlook RemovalOdds::now() const {
  return {std::max(score_percent_ - (100 - threshold_percent_), 0.0), 0};
}

RemovalOdds::Outlook RemovalOdds::after(const Outlook& outlook, const Component& component,
                                        bool removed) const {
  const auto& drop = estimate_of(component);
  if (!removed || !drop) return outlook;
  return {std::max(outlook.distance - *drop, 0.0), outlook.variance + squared_width(*drop)};
}

double RemovalOdds::removal(const Outlook& outlook, const Component& component) const {
  double kept = 0;
  if (const auto& drop = estimate_of(component)) {
    // Student's t with two degrees of freedom has this distribution function.
    const double room =
        (outlook.distance - *drop) / std::sqrt(squared_width(*drop) + outlook.variance);
    kept = 0.5 * (1 - room / std::sqrt(2 + square(room)));
  } else {
    kept = kept_unestimated(outlook.distance);
  }
  return std::clamp(1 - kept, least_probability, 1 - least_probability);
}

void RemovalOdds::learn(const Decision& decision) {
  if (!std::isfinite(decision.score_percent)) return;
  const double drop = score_percent_ - decision.score_percent;
  const double expected = kept_unestimated(now().distance);
  move_towards(kept_, count_prior, count_decay);
  move_towards(expected_, count_prior, count_decay);
  kept_ += decision.removed ? 0 : 1;
  expected_ += expected;
  if (const auto& estimated = estimate_of(decision.component)) {
    const double off =
        error_ * std::abs(drop - *estimated) / std::sqrt(squared_width(*estimated)) / mean_of_error;
    move_towards(error_, std::min(off, 5 * std::max(error_, 1.0)), error_decay);
    error_ = std::clamp(error_, least_error, most_error);
  }
  move_towards(log_scale_, std::log(std::abs(drop) + least_drop * threshold_percent_), decay);
  if (decision.removed) {
    score_percent_ = decision.score_percent;
  } else {
    estimate(decision.component, drop);  // a later pass tries it again
  }
}

}  // namespace headsweep
