// Searches of a family with several thresholds, on simulated ranks: each finds what it would find
// alone, and what several want is scored once.
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/pipeline/simulated_search.h"

namespace headsweep {
namespace {

const std::vector<double> thresholds = {3, 0.5, 20, 1, 10};

/// How often each trial of a family was sent to somebody.
using Sent = std::map<std::pair<int, Trial>, int>;

void count_trials(SimulatedSearch& search, Sent& sent) {
  search.watch = [&sent](int, const Message& message) {
    if (topic_of(message) != Topic::share) return;
    const auto share = from_bytes<Share>(message.body);
    for (const Trial& trial : share.trials) ++sent[{share.family, trial}];
  };
}

void expect_plain_searches(const SimulatedSearch& search, const std::string& what) {
  ASSERT_EQ(search.got.size(), search.families * thresholds.size()) << what;
  for (const auto& [run, got] : search.got) {
    const int family = run / static_cast<int>(thresholds.size());
    SearchRule rule = search.rule;
    rule.threshold_percent = thresholds[static_cast<std::size_t>(run) % thresholds.size()];
    const auto expected = made_up::plain_search(family, rule);
    const std::string which = fmt::format("{}, run {}", what, run);
    EXPECT_EQ(got.state, SearchProgress::State::finished) << which;
    EXPECT_EQ(got.scores(), expected.scores) << which;
    EXPECT_EQ(got.per_prompt(), expected.per_prompt) << which;
    EXPECT_EQ(got.ranking(), expected.ranking) << which;
    EXPECT_EQ(got.full_mean, mean(made_up::full_per_prompt(family))) << which;
    EXPECT_EQ(got.families_left_behind, 0) << which;
  }
  EXPECT_TRUE(search.job->coordinator().done()) << what;
  EXPECT_EQ(search.job->coordinator().outcome(), Outcome::done) << what;
}

TEST(Thresholds, FindWhatEachFindsAloneAndScoreNothingTwice) {
  for (const int ranks : {1, 2, 5, 9})
    for (const int families : {1, 4})
      for (const Order order : {Order::backward, Order::importance})
        for (const Speculation speculation : {Speculation::automatic, Speculation::off}) {
          SimulatedSearch search(ranks, families);
          search.thresholds = thresholds;
          search.rule.order = order;
          search.speculation = speculation;
          search.side_by_side = ranks == 2 ? 4 : 1;
          Sent sent;
          count_trials(search, sent);
          search.run();
          const std::string what = fmt::format("{} ranks, {} families, {}, speculation {}", ranks,
                                               families, name_of(order), name_of(speculation));
          expect_plain_searches(search, what);
          for (const auto& [trial, times] : sent) EXPECT_EQ(times, 1) << what;
        }
}

TEST(Thresholds, ShareTheWayThatTheyHaveInCommon) {
  SimulatedSearch search(1, 1);
  search.thresholds = thresholds;
  search.speculation = Speculation::off;
  search.run();
  std::set<Circuit> wanted;
  std::size_t alone = 0;
  for (const double threshold : thresholds) {
    SearchRule rule = search.rule;
    rule.threshold_percent = threshold;
    const auto expected = made_up::plain_search(0, rule);
    wanted.insert(expected.wanted.begin(), expected.wanted.end());
    alone += expected.wanted.size();
  }
  long long evaluations = 0;
  for (const auto& [run, got] : search.got) evaluations += got.work.evaluations;
  EXPECT_EQ(evaluations, std::ssize(wanted)) << "exactly what is needed";
  EXPECT_LT(wanted.size(), alone);
}

TEST(Thresholds, WithGuardsClimbAndEndAsTheyWouldAlone) {
  for (const int ranks : {1, 3}) {
    SimulatedSearch several(ranks, 2);
    several.thresholds = thresholds;
    several.ladder = {{Rung::fp32, Rung::fp64}, {1.0, 2.0}};
    several.audit_percent = 10;
    several.error = [](int rung, const Circuit& circuit) {
      return rung > 0 ? 0 : 0.02 * (made_up::fraction(7, circuit.first_reduced_layer(), 3) - 0.5);
    };
    several.run();
    for (const auto& [run, got] : several.got) {
      SimulatedSearch one(1, 2);
      one.ladder = several.ladder;
      one.audit_percent = several.audit_percent;
      one.error = several.error;
      one.rule.threshold_percent = thresholds[static_cast<std::size_t>(run) % thresholds.size()];
      one.run();
      const Got& alone = one.got[run / static_cast<int>(thresholds.size())];
      EXPECT_EQ(got.scores(), alone.scores()) << run;
      EXPECT_EQ(got.errors, alone.errors) << run;
      EXPECT_EQ(got.audited, alone.audited) << run;
    }
  }
}

TEST(Thresholds, StoppedAndTakenUpAgainEndTheSame) {
  for (const int shares : {1, 7, 20, 45}) {
    SimulatedSearch first(3, 2);
    first.thresholds = thresholds;
    int seen = 0;
    first.watch = [&](int, const Message& message) {
      if (topic_of(message) == Topic::share && ++seen == shares) first.job->coordinator().stop();
    };
    first.run();
    EXPECT_EQ(first.job->coordinator().outcome(), Outcome::stopped) << shares;

    SimulatedSearch second(2, 2);
    second.thresholds = thresholds;
    for (int family = 0; family < 2; ++family) {
      PendingFamily pending{family, second.searches_of(family)};
      for (SearchRequest& search : pending.searches) {
        const Got& got = first.got[search.run];
        search.before = {got.steps, got.errors, got.work.waves};
      }
      second.pending.push_back(std::move(pending));
    }
    second.run();
    for (const auto& [run, got] : second.got) {
      SearchRule rule = second.rule;
      rule.threshold_percent = thresholds[static_cast<std::size_t>(run) % thresholds.size()];
      EXPECT_EQ(got.scores(),
                made_up::plain_search(run / static_cast<int>(thresholds.size()), rule).scores)
          << shares << ", run " << run;
    }
  }
}

TEST(AFamilyThatCannotBeUsed, IsLeftOutAndTheOthersAreSearched) {
  for (const int ranks : {1, 3}) {
    SimulatedSearch search(ranks, 4);
    search.usable = [](const Baseline& baseline, int) { return baseline.family != 2; };
    std::set<int> begun;
    search.watch = [&](int, const Message& message) {
      if (topic_of(message) == Topic::lead)
        begun.insert(from_bytes<LeadRequest>(message.body).family);
    };
    search.run();
    EXPECT_EQ(begun, (std::set{0, 1, 3}));
    EXPECT_TRUE(search.job->coordinator().done());
    EXPECT_EQ(search.job->coordinator().outcome(), Outcome::done);
  }
}

TEST(AJobWithoutAnyUsableFamily, Ends) {
  SimulatedSearch search(2, 2);
  search.usable = [](const Baseline&, int) { return false; };
  search.run();
  EXPECT_TRUE(search.job->coordinator().done());
  EXPECT_EQ(search.begun, 1);
}

}  // namespace
}  // namespace headsweep
