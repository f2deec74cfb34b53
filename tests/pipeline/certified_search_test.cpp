// Searches on rungs that err: what comes out is what the exact scores would have it, as long as the
// errors are those that were measured; and where they are not, the audit finds it.
#include "pipeline/certified_search.h"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/run_record.h"
#include "tests/pipeline/simulated_search.h"

namespace headsweep {
namespace {

const Ladder three_rungs{{Rung::bf16, Rung::fp32, Rung::fp64}, {0.25, 1, 2}};

std::uint64_t number_of(const Circuit& circuit) {
  std::uint64_t bits = 17;
  for (const bool kept : circuit.kept()) bits = random_bits(bits ^ (kept ? 1u : 2u));
  return bits;
}

/// An error between -size and size, another for each circuit.
double error_of(const Circuit& circuit, int rung, double size) {
  const double unit =
      static_cast<double>(random_bits(number_of(circuit) + static_cast<unsigned>(rung)) >> 11) *
      0x1p-53;
  return size * (2 * unit - 1);
}

/// The rungs err by up to 0.2, 0.002 and 0 percentage points.
double usual_error(int rung, const Circuit& circuit) {
  return rung == 2 ? 0 : error_of(circuit, rung, rung == 0 ? 0.2 : 0.002);
}

void expect_exact_decisions(const Got& got, int family, const SearchRule& rule) {
  const auto expected = made_up::plain_search(family, rule);
  EXPECT_EQ(got.state, SearchProgress::State::finished);
  GreedySearch search(rule);
  std::vector<bool> removed;
  for (const SearchStep& step : got.steps) {
    apply(step, search);
    if (step.kind == SearchStep::Kind::decision)
      removed.push_back(search.decisions().back().removed);
  }
  EXPECT_EQ(removed, expected.removed) << family;
  EXPECT_EQ(search.kept(), expected.kept) << family;
}

class OnErringRungs : public testing::TestWithParam<Order> {};

TEST_P(OnErringRungs, DecisionsAreThoseOfExactScores) {
  std::vector<int> used(3);
  for (const int ranks : {1, 4}) {
    SimulatedSearch search(ranks, 40);
    search.rule = {6, 8, GetParam(), 3.0};
    search.ladder = three_rungs;
    search.error = usual_error;
    search.run();
    for (const auto& [family, got] : search.got) {
      expect_exact_decisions(got, family, search.rule);
      for (const UsedScore& each : got.decisions()) ++used[static_cast<std::size_t>(each.rung)];
    }
  }
  // Else the test would not have tested anything.
  EXPECT_GT(used[0], 500);
  EXPECT_GT(used[1], 100);
  EXPECT_GT(used[2], 0);
}

TEST_P(OnErringRungs, TheNumberOfRanksChangesNothing) {
  std::map<int, Got> one;
  for (const int ranks : {1, 2, 3, 7, 32}) {
    SimulatedSearch search(ranks, 6);
    search.rule = {6, 8, GetParam(), 3.0};
    search.ladder = three_rungs;
    search.error = usual_error;
    search.audit_percent = 10;
    search.side_by_side = ranks == 3 ? 4 : 1;
    search.run();
    if (ranks == 1) one = search.got;
    for (const auto& [family, got] : search.got) {
      const Got& expected = one[family];
      ASSERT_EQ(got.steps.size(), expected.steps.size());
      for (std::size_t step = 0; step < got.steps.size(); ++step)
        for (std::size_t i = 0; i < got.steps[step].scores.size(); ++i) {
          const UsedScore &a = got.steps[step].scores[i], &b = expected.steps[step].scores[i];
          EXPECT_EQ(a.score_percent, b.score_percent) << ranks << " ranks, step " << step;
          EXPECT_EQ(a.rung, b.rung) << ranks << " ranks, step " << step;
          EXPECT_EQ(a.guard, b.guard) << ranks << " ranks, step " << step;
          EXPECT_EQ(a.per_prompt, b.per_prompt) << ranks << " ranks, step " << step;
        }
      EXPECT_EQ(got.errors, expected.errors) << ranks;
      EXPECT_EQ(got.audited, expected.audited) << ranks;
      EXPECT_FALSE(got.audited.empty());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, OnErringRungs,
                         testing::Values(Order::backward, Order::alternate, Order::importance),
                         [](const auto& info) { return std::string(name_of(info.param)); });

/// The score of each trial is that of the made-up family; `error` is added to it.
class Scores {
 public:
  explicit Scores(int family, std::function<double(const Trial&)> error)
      : family_(family), error_(std::move(error)) {}

  CertifiedSearch::Known known() {
    return [this](const Trial& trial) -> const UsedScore* {
      const auto [at, added] = scores_.try_emplace(trial);
      if (added) {
        const double full = mean(made_up::full_per_prompt(family_));
        at->second.per_prompt = made_up::logit_differences(family_, trial.circuit);
        at->second.score_percent =
            scored(at->second.per_prompt, full).score_percent + error_(trial);
        at->second.rung = trial.rung;
      }
      return &at->second;
    };
  }

 private:
  int family_;
  std::function<double(const Trial&)> error_;
  std::map<Trial, UsedScore> scores_;
};

const SearchRule rule{6, 8, Order::backward, 3.0};

bool is_for_measuring(const Circuit& circuit) {
  const auto circuits = guard_circuits(rule);
  return std::ranges::find(circuits, circuit) != circuits.end();
}

TEST(Margins, BelowTheGuardAreNeverDecidedOnThatRung) {
  CertifiedSearch search({rule, three_rungs});
  Scores scores(3, [](const Trial& t) { return usual_error(t.rung, t.circuit); });
  search.advance(scores.known());
  ASSERT_EQ(search.stage(), CertifiedSearch::Stage::finished);
  std::size_t decision = 0;
  for (const SearchStep& step : search.steps()) {
    const UsedScore& used = step.scores.front();
    const double margin = search.search().decisions()[decision++].margin;
    if (used.rung < 2) {
      EXPECT_GE(std::abs(margin), used.guard) << decision;
      EXPECT_GE(std::abs(margin), search.guards().of(used.rung)) << decision;
    }
    EXPECT_GT(used.guard, 0);
  }
}

/// Thresholds at a hair from the exact score of some decision.
TEST(Thresholds, NextToAScoreAreDecidedAsByExactScores) {
  int on_top = 0;
  for (int family = 0; family < 12; ++family) {
    const auto exact = made_up::plain_search(family, rule);
    for (const double distance : {1e-4, 1e-6, 1e-8})
      for (const double side : {-1.0, 1.0}) {
        const std::size_t which = static_cast<std::size_t>(5 * family) % exact.scores.size();
        SearchRule near = rule;
        near.threshold_percent = 100 - exact.scores[which] + side * distance;
        if (near.threshold_percent <= 0) continue;
        const auto expected = made_up::plain_search(family, near);
        CertifiedSearch search({near, three_rungs});
        Scores scores(family, [](const Trial& t) { return usual_error(t.rung, t.circuit); });
        search.advance(scores.known());
        std::vector<bool> removed;
        for (const Decision& decision : search.search().decisions())
          removed.push_back(decision.removed);
        EXPECT_EQ(removed, expected.removed) << family << " " << side * distance;
        for (const SearchStep& step : search.steps()) on_top += step.scores.front().rung == 2;
      }
  }
  EXPECT_GT(on_top, 40);
}

/// A rung whose errors are ten times those on the circuits that were measured.
double larger_than_measured(const Trial& trial) {
  const double usual = usual_error(trial.rung, trial.circuit);
  return trial.rung == 0 && !is_for_measuring(trial.circuit) ? 10 * usual : usual;
}

TEST(Guards, WidenWhenAReEvaluationShowsALargerErrorAndEarlierDecisionsAreCheckedAgain) {
  int widened = 0;
  for (int family = 0; family < 30; ++family) {
    const auto expected = made_up::plain_search(family, rule);
    CertifiedSearch search({rule, three_rungs});
    Scores scores(family, larger_than_measured);
    const auto known = scores.known();
    search.advance([&](const Trial& trial) {
      return search.stage() == CertifiedSearch::Stage::measuring ? known(trial) : nullptr;
    });
    const double measured = search.guards().of(0);
    search.advance(known);
    ASSERT_EQ(search.stage(), CertifiedSearch::Stage::finished);
    if (search.guards().of(0) > measured) ++widened;
    std::size_t decision = 0;
    bool same = true;
    for (const SearchStep& step : search.steps()) {
      const Decision& made = search.search().decisions()[decision];
      same = same && made.removed == expected.removed[decision];
      ++decision;
      if (step.scores.front().rung < 2) {
        EXPECT_GE(std::abs(made.margin), search.guards().of(step.scores.front().rung));
      }
    }
    EXPECT_TRUE(same) << family;
  }
  EXPECT_GT(widened, 10);
}

TEST(AnErrorThatTheGuardDoesNotCover, IsFoundByTheAuditWhichNamesTheDecision) {
  int found = 0;
  for (int family = 0; family < 10; ++family) {
    // The lowest rung says of one head that it costs nothing, which is not so.
    const auto exact = made_up::plain_search(family, rule);
    const auto important =
        static_cast<std::size_t>(std::ranges::find(exact.removed, false) - exact.removed.begin());
    ASSERT_LT(important, exact.removed.size());
    GreedySearch until_there(rule);
    for (std::size_t i = 0; i < important; ++i) until_there.tell(exact.scores[i]);
    const Circuit without = until_there.wanted();
    CertifiedSearch search({rule, three_rungs, 100});
    Scores scores(family,
                  [&](const Trial& t) { return t.rung == 0 && t.circuit == without ? 6.0 : 0.0; });
    search.advance(scores.known());
    ASSERT_EQ(search.stage(), CertifiedSearch::Stage::finished);
    if (search.steps()[important].scores.front().rung != 0) continue;
    ++found;
    EXPECT_TRUE(search.contradicted()) << family;
    const auto audited = search.audited();
    const auto wrong = std::ranges::find(audited, false, &Audited::agrees);
    ASSERT_NE(wrong, audited.end());
    EXPECT_EQ(wrong->decision, static_cast<int>(important)) << family;
    EXPECT_NEAR(wrong->score_percent, exact.scores[important], 1e-9);
  }
  EXPECT_GT(found, 3);
}

TEST(AFixedPrecision, NeverClimbsAndIsAuditedAllTheSame) {
  const Ladder fixed{{Rung::bf16, Rung::fp64}, {0.5, 2}, Climbing::never};
  CertifiedSearch search({rule, fixed, 2});
  Scores scores(1, [](const Trial& t) { return t.rung == 0 ? usual_error(0, t.circuit) : 0.0; });
  search.advance(scores.known());
  for (const SearchStep& step : search.steps()) EXPECT_EQ(step.scores.front().rung, 0);
  EXPECT_GE(search.audited().size(), 4u);
}

TEST(TheAudit, TakesAPartOfTheDecisionsAndEveryFragileOne) {
  for (int family = 0; family < 10; ++family) {
    CertifiedSearch search({rule, three_rungs, 25});
    Scores scores(family,
                  [](const Trial& t) { return t.rung == 0 ? error_of(t.circuit, 0, 0.002) : 0.0; });
    search.advance(scores.known());
    std::set<int> audited;
    for (const Audited& each : search.audited()) {
      audited.insert(each.decision);
      EXPECT_TRUE(each.agrees);
    }
    int below_top = 0;
    for (int decision = 0; decision < rule.decisions(); ++decision) {
      const auto at = static_cast<std::size_t>(decision);
      if (search.steps()[at].scores.front().rung == 2) continue;
      ++below_top;
      if (std::abs(search.search().decisions()[at].margin) < fragile_points) {
        EXPECT_TRUE(audited.contains(decision)) << decision;
      }
    }
    // The last removal's score is that of the circuit.
    const auto& decisions = search.search().decisions();
    const auto last =
        std::ranges::find(decisions.rbegin(), decisions.rend(), true, &Decision::removed);
    const auto number = static_cast<std::size_t>(decisions.rend() - last) - 1;
    if (search.steps()[number].scores.front().rung != 2) {
      EXPECT_TRUE(audited.contains(static_cast<int>(number))) << family;
    }
    EXPECT_GE(std::ssize(audited), std::min(below_top, 12));
    EXPECT_LT(std::ssize(audited), 30);
  }
}

TEST(Resuming, AtAnySettledStepEndsWithTheSameSteps) {
  for (const Order order : {Order::backward, Order::forward, Order::alternate, Order::importance})
    for (int family = 0; family < 4; ++family) {
      SearchRule of_order = rule;
      of_order.order = order;
      if (order == Order::forward || order == Order::alternate)
        of_order.components = Components::heads_and_mlps;
      CertifiedSearch whole({of_order, three_rungs, 5});
      Scores scores(family, larger_than_measured);
      const auto known = scores.known();
      whole.advance(known);
      // Stops after every trial, and goes on from there if that is what is reported.
      CertifiedSearch walking({of_order, three_rungs, 5});
      std::set<Trial> allowed;
      int resumed = 0;
      while (walking.stage() != CertifiedSearch::Stage::finished) {
        allowed.insert(walking.wanted().begin(), walking.wanted().end());
        walking.advance([&](const Trial& t) { return allowed.contains(t) ? known(t) : nullptr; });
        if (walking.stage() != CertifiedSearch::Stage::walking) continue;
        CertifiedSearch next({of_order, three_rungs, 5});
        next.take_up(walking.steps(), walking.guards().errors());
        if (++resumed % 7 == 0) walking = next;
        next.advance(known);
        ASSERT_EQ(next.steps().size(), whole.steps().size());
        for (std::size_t i = 0; i < next.steps().size(); ++i)
          for (std::size_t s = 0; s < next.steps()[i].scores.size(); ++s) {
            ASSERT_EQ(next.steps()[i].scores[s].score_percent,
                      whole.steps()[i].scores[s].score_percent);
            ASSERT_EQ(next.steps()[i].scores[s].rung, whole.steps()[i].scores[s].rung);
            ASSERT_EQ(next.steps()[i].scores[s].guard, whole.steps()[i].scores[s].guard);
          }
        ASSERT_EQ(next.guards().errors(), whole.guards().errors());
        ASSERT_EQ(next.audited(), whole.audited());
      }
    }
}

TEST(ALadderOfOneRung, NeedsNoMeasurementAndNoAudit) {
  CertifiedSearch search({rule, {{Rung::fp64}, {1}}, 100});
  EXPECT_EQ(search.stage(), CertifiedSearch::Stage::walking);
  Scores scores(0, [](const Trial&) { return 0.0; });
  search.advance(scores.known());
  EXPECT_EQ(search.stage(), CertifiedSearch::Stage::finished);
  EXPECT_TRUE(search.audited().empty());
}

}  // namespace
}  // namespace headsweep
