// Every message arrives as it was sent, and one that was cut short is noticed.
#include "pipeline/ranks/message.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "pipeline/work_messages.h"
#include "pipeline/work_order.h"

namespace headsweep {
namespace {

// Members are compared by the bytes they become; a second trip must not change them.
template <class T>
std::vector<std::byte> bytes_after_a_trip(const T& value) {
  return to_bytes(from_bytes<T>(to_bytes(value)));
}

template <class T>
void expect_cut_is_noticed(const T& value) {
  const auto whole = to_bytes(value);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(from_bytes<T>(cut), std::length_error) << size << " of " << whole.size();
  }
}

template <class T>
void expect_travels(const T& value) {
  EXPECT_EQ(bytes_after_a_trip(value), to_bytes(value));
  expect_cut_is_noticed(value);
}

Circuit some_circuit() {
  Circuit circuit(3, 4, Circuit::Start::everything, 2);
  circuit.remove(0, 3, 1);
  circuit.remove(2, 0, 0);
  return circuit;
}

TEST(Message, ACircuitArrivesAsItWas) {
  const Circuit circuit = some_circuit();
  EXPECT_EQ(from_bytes<Circuit>(to_bytes(circuit)), circuit);
  expect_travels(circuit);
  Circuit with_mlps(3, 4, Circuit::Start::everything, 2, Components::heads_and_mlps);
  with_mlps.remove(Component::mlp_of(1));
  EXPECT_EQ(from_bytes<Circuit>(to_bytes(with_mlps)), with_mlps);
  expect_travels(with_mlps);
}

TEST(Message, NumbersKeepTheirBits) {
  const std::vector<double> numbers{0.1, -0.0, 1e-320, std::numeric_limits<double>::infinity(), 3};
  const auto arrived = from_bytes<std::vector<double>>(to_bytes(numbers));
  EXPECT_EQ(arrived, numbers);
  EXPECT_TRUE(std::signbit(arrived[1]));
  EXPECT_TRUE(std::isnan(from_bytes<double>(to_bytes(std::nan("")))));
}

TEST(Message, ReadyArrives) {
  const auto ready = from_bytes<Ready>(to_bytes(Ready{"cpu avx512", "1.2 (abc)"}));
  EXPECT_EQ(ready.device_kind, "cpu avx512");
  EXPECT_EQ(ready.program, "1.2 (abc)");
  expect_travels(ready);
}

TEST(Message, BaselineRequestsAndAnswersArrive) {
  EXPECT_EQ(from_bytes<FamilyRequest>(to_bytes(FamilyRequest{7})).family, 7);
  const auto baseline = from_bytes<Baseline>(to_bytes(Baseline{3, {-0.25, 1}}));
  EXPECT_EQ(baseline.family, 3);
  EXPECT_EQ(baseline.full_per_prompt, (std::vector{-0.25, 1.0}));
  expect_travels(baseline);
}

TEST(Message, WhatALeaderIsToldArrives) {
  const LeadRequest request{5,
                            {2, 0, 9},
                            {{3, 1.5},
                             {7,
                              2.5,
                              Order::forward,
                              {4, 0, 4},
                              {{{SearchStep::Kind::ranking, {{100}, {1e300}}},
                                {SearchStep::Kind::decision, {{98.25, {1, 2}, 3, 4, 1, 0.5}}}},
                               {0.125},
                               12}}}};
  const auto arrived = from_bytes<LeadRequest>(to_bytes(request));
  EXPECT_EQ(arrived.family, 5);
  EXPECT_EQ(arrived.group, request.group);
  ASSERT_EQ(arrived.searches.size(), 2u);
  EXPECT_EQ(arrived.searches[0].run, 3);
  EXPECT_TRUE(arrived.searches[0].before.nothing());
  EXPECT_TRUE(arrived.searches[0].prompts.empty());
  EXPECT_EQ(arrived.searches[1].threshold_percent, 2.5);
  EXPECT_EQ(arrived.searches[1].order, Order::forward);
  EXPECT_EQ(arrived.searches[1].prompts, (std::vector{4, 0, 4}));
  const FoundBefore& before = arrived.searches[1].before;
  ASSERT_EQ(before.steps.size(), 2u);
  EXPECT_EQ(before.steps[0].kind, SearchStep::Kind::ranking);
  EXPECT_EQ(before.steps[0].scores[1].score_percent, 1e300);
  EXPECT_EQ(before.steps[1].scores[0].rung, 1);
  EXPECT_EQ(before.errors, (std::vector{0.125}));
  EXPECT_EQ(before.waves, 12);
  expect_travels(request);
  const auto joined = from_bytes<JoinRequest>(to_bytes(JoinRequest{5, {3, 4}}));
  EXPECT_EQ(joined.family, 5);
  EXPECT_EQ(joined.ranks, (std::vector{3, 4}));
  expect_travels(joined);
}

TEST(Message, SharesAndTheirScoresArrive) {
  const Share share{4, {{some_circuit(), 0}, {Circuit(3, 4, Circuit::Start::nothing), 2}}};
  const auto arrived = from_bytes<Share>(to_bytes(share));
  EXPECT_EQ(arrived.family, 4);
  EXPECT_EQ(arrived.trials, share.trials);
  expect_travels(share);
  const Scored scored{4, {{99, {1.5, 2.5}}, {}, {-3, {7}}}, 0.125};
  const auto answer = from_bytes<Scored>(to_bytes(scored));
  EXPECT_EQ(answer.family, 4);
  ASSERT_EQ(answer.scores.size(), 3u);
  EXPECT_EQ(answer.scores[0].per_prompt, scored.scores[0].per_prompt);
  EXPECT_EQ(answer.scores[2].percent, -3);
  EXPECT_EQ(answer.seconds, 0.125);
  expect_travels(scored);
}

TEST(Message, ProgressArrives) {
  SearchProgress progress;
  progress.family = 2;
  progress.run = 6;
  progress.state = SearchProgress::State::stopped;
  progress.full_per_prompt = {2, 3};
  progress.first_step = 40;
  progress.steps = {{SearchStep::Kind::decision, {{99.25, {1, 2}, 17, 3, 1, 0.25}}},
                    {SearchStep::Kind::ranking, {{98.5}, {98}}}};
  progress.errors = {0.5, 0.001};
  progress.audited = {{12, 97.5, false}};
  progress.work.waves = 4;
  progress.work.evaluations = 5'000'000'000;
  progress.work.discarded = 6;
  progress.work.compute_seconds = 1.5;
  progress.work.communication_seconds = 2.5;
  progress.work.waiting_seconds = 3.5;
  const auto arrived = from_bytes<SearchProgress>(to_bytes(progress));
  EXPECT_EQ(arrived.run, 6);
  EXPECT_EQ(arrived.state, SearchProgress::State::stopped);
  EXPECT_EQ(arrived.full_per_prompt, progress.full_per_prompt);
  EXPECT_EQ(arrived.first_step, 40u);
  ASSERT_EQ(arrived.steps.size(), 2u);
  EXPECT_EQ(arrived.steps[0].scores[0].per_prompt, (std::vector{1.0, 2.0}));
  EXPECT_EQ(arrived.steps[0].scores[0].wave, 17);
  EXPECT_EQ(arrived.steps[0].scores[0].guard, 0.25);
  EXPECT_EQ(arrived.steps[1].scores[0].score_percent, 98.5);
  EXPECT_EQ(arrived.errors, progress.errors);
  EXPECT_EQ(arrived.audited, progress.audited);
  EXPECT_EQ(arrived.work.evaluations, 5'000'000'000);
  EXPECT_EQ(arrived.work.waiting_seconds, 3.5);
  expect_travels(progress);
}

TEST(Message, TheEndArrives) {
  EXPECT_EQ(from_bytes<Quit>(to_bytes(Quit{Outcome::stopped})).outcome, Outcome::stopped);
  expect_travels(Quit{Outcome::refused});
}

WorkOrder some_order() {
  WorkOrder order;
  order.config = {.layers = 24,
                  .heads = 16,
                  .d_model = 1024,
                  .d_mlp = 100,
                  .positions = 2048,
                  .vocabulary = 50304,
                  .layer_norm_epsilon = 1e-6,
                  .kind = ModelKind::gpt_neox,
                  .form = LayerForm::parallel,
                  .activation = Activation::gelu,
                  .rotary_columns = 16,
                  .rotary_base = 100};
  order.threads = 3;
  order.rule.search = {24, 16, Order::importance, 4.5, {{true, 99}, {false, 96.5}}};
  order.rule.search.components = Components::mlps;
  order.rule.search.granularity = Granularity::position;
  order.rule.ladder = {{Rung::bf16, Rung::fp64}, {0.5, 2}, Climbing::never};
  order.rule.audit_percent = 7;
  order.speculation = Speculation::off;
  order.stall_seconds = 77;
  order.family_memory_gb = 1.5;
  AblatedFamily family;
  family.ablation = {Ablation::resample, Positions::own, Components::heads_and_mlps,
                     MlpMeans::under_head_mask};
  family.clean.tokens = {{1, 2, 3}, {4, 5}};
  family.clean.answers = {6, 7};
  family.clean.distractors = {8, 9};
  family.clean.templates = {0, 1};
  family.clean.position_names = {"S1", "end"};
  family.clean.positions = {{0, 2}, {0, 1}};
  family.corrupted = family.clean;
  family.corrupted.tokens[0][1] = 50256;
  order.families = {family, family};
  return order;
}

TEST(WorkOrder, Arrives) {
  const WorkOrder order = some_order(), arrived = work_order_from(to_bytes(order));
  EXPECT_EQ(to_bytes(arrived), to_bytes(order));
  EXPECT_EQ(arrived.config.layers, 24);
  EXPECT_EQ(arrived.config, order.config);
  EXPECT_EQ(arrived.families[1].ablation.kind, Ablation::resample);
  EXPECT_EQ(arrived.families[1].ablation.positions, Positions::own);
  EXPECT_EQ(arrived.families[1].ablation.components, Components::heads_and_mlps);
  EXPECT_EQ(arrived.families[1].ablation.mlp_means, MlpMeans::under_head_mask);
  EXPECT_EQ(arrived.rule.search.components, Components::mlps);
  EXPECT_EQ(arrived.rule.search.granularity, Granularity::position);
  EXPECT_EQ(arrived.rule.search.order, Order::importance);
  EXPECT_EQ(arrived.rule.search.threshold_percent, 4.5);
  ASSERT_EQ(arrived.rule.search.forced.size(), 2u);
  EXPECT_EQ(arrived.rule.search.forced[1].score_percent, 96.5);
  EXPECT_EQ(arrived.rule.ladder.rungs, order.rule.ladder.rungs);
  EXPECT_EQ(arrived.rule.ladder.climbing, Climbing::never);
  EXPECT_EQ(arrived.rule.audit_percent, 7);
  EXPECT_EQ(arrived.speculation, Speculation::off);
  EXPECT_EQ(arrived.stall_seconds, 77);
  EXPECT_EQ(arrived.family_memory_gb, 1.5);
  ASSERT_EQ(arrived.families.size(), 2u);
  EXPECT_EQ(arrived.families[1].corrupted.tokens, order.families[1].corrupted.tokens);
  EXPECT_EQ(arrived.families[1].clean.position_names, order.families[1].clean.position_names);
}

TEST(WorkOrder, OneThatWasCutShortIsNoticed) {
  const auto whole = to_bytes(some_order());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(
        work_order_from({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}),
        std::length_error)
        << size;
}

}  // namespace
}  // namespace headsweep
