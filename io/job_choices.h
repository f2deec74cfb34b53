// The values of enumerations that a job file may name, in the order in which messages list them.
#pragma once

#include "io/job.h"

namespace headsweep {

/// `Choices<Order>::all`; name_of() has their names.
template <class Enum>
struct Choices;

template <>
struct Choices<Processing> {
  static constexpr Processing all[] = {Processing::none, Processing::transformer_lens};
};
template <>
struct Choices<Order> {
  static constexpr Order all[] = {Order::backward, Order::forward, Order::alternate,
                                  Order::importance};
};
template <>
struct Choices<MlpMeans> {
  static constexpr MlpMeans all[] = {MlpMeans::clean, MlpMeans::under_head_mask};
};
template <>
struct Choices<Granularity> {
  static constexpr Granularity all[] = {Granularity::component, Granularity::position};
};
template <>
struct Choices<Ablation> {
  static constexpr Ablation all[] = {Ablation::mean, Ablation::zero, Ablation::resample};
};
template <>
struct Choices<Positions> {
  static constexpr Positions all[] = {Positions::all, Positions::own,
                                      Positions::union_of_corrupted};
};
template <>
struct Choices<DeviceChoice> {
  static constexpr DeviceChoice all[] = {DeviceChoice::automatic, DeviceChoice::cpu,
                                         DeviceChoice::cuda};
};
template <>
struct Choices<Precision> {
  static constexpr Precision all[] = {Precision::automatic, Precision::bf16, Precision::bf16x3,
                                      Precision::fp32, Precision::fp64};
};
template <>
struct Choices<Speculation> {
  static constexpr Speculation all[] = {Speculation::automatic, Speculation::off};
};
template <>
struct Choices<Analysis> {
  static constexpr Analysis all[] = {Analysis::knockout, Analysis::faithfulness, Analysis::curve,
                                     Analysis::compare};
};
template <>
struct Choices<LetterCase> {
  static constexpr LetterCase all[] = {LetterCase::as_written, LetterCase::lower, LetterCase::upper,
                                       LetterCase::title};
};
template <>
struct Choices<Distractor> {
  static constexpr Distractor all[] = {Distractor::last, Distractor::first, Distractor::next};
};
/// Those that a job names by their rule; the others are {family: ...} and {file: ...}.
template <>
struct Choices<Corruption> {
  static constexpr Corruption all[] = {Corruption::repeat_last,           Corruption::repeat_all,
                                       Corruption::repeat_random_element, Corruption::random_items,
                                       Corruption::switch_last_two,       Corruption::shuffle};
};

/// What a search can be made over; a list may name several.
inline constexpr Components components_by_name[] = {Components::heads, Components::mlps};

}  // namespace headsweep
