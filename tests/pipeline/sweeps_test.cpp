// Searches of a family with several orders and on drawn prompts, on simulated ranks: each finds
// what it would find alone, and what several want is scored once.
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "pipeline/drawn_prompts.h"
#include "tests/pipeline/simulated_search.h"

namespace headsweep {
namespace {

/// A family's searches: on all prompts, and on some draws of them, in two orders.
const std::vector<std::vector<int>> draws = {{}, {0, 0, 2}, {1, 1, 1}, {2, 1, 0}};
const std::vector<Order> orders = {Order::backward, Order::forward, Order::importance};

std::vector<SearchRequest> requests(int first_run) {
  std::vector<SearchRequest> searches;
  for (const Order order : orders)
    for (const std::vector<int>& prompts : draws)
      searches.push_back({first_run + static_cast<int>(searches.size()), 3, order, prompts});
  return searches;
}

void sweep(SimulatedSearch& search) {
  const int searches = static_cast<int>(orders.size() * draws.size());
  for (int family = 0; family < search.families; ++family)
    search.pending.push_back({family, requests(family * searches)});
}

made_up::Expected expected_of(const SimulatedSearch& search, int run) {
  const auto searches = orders.size() * draws.size();
  const std::size_t number = static_cast<std::size_t>(run) % searches;
  SearchRule rule = search.rule;
  rule.order = orders[number / draws.size()];
  return made_up::plain_search(static_cast<int>(static_cast<std::size_t>(run) / searches), rule,
                               draws[number % draws.size()]);
}

void expect_plain_searches(const SimulatedSearch& search, const std::string& what) {
  ASSERT_EQ(search.got.size(),
            static_cast<std::size_t>(search.families) * orders.size() * draws.size());
  for (const auto& [run, got] : search.got) {
    const auto expected = expected_of(search, run);
    const std::string which = fmt::format("{}, run {}", what, run);
    EXPECT_EQ(got.state, SearchProgress::State::finished) << which;
    EXPECT_EQ(got.scores(), expected.scores) << which;
    EXPECT_EQ(got.per_prompt(), expected.per_prompt) << which;
    EXPECT_EQ(got.ranking(), expected.ranking) << which;
  }
}

TEST(Sweep, FindsWhatEachSearchFindsAloneAndScoresNothingTwice) {
  for (const int ranks : {1, 3, 7})
    for (const Speculation speculation : {Speculation::automatic, Speculation::off}) {
      SimulatedSearch search(ranks, 2);
      search.speculation = speculation;
      search.side_by_side = ranks == 3 ? 4 : 1;
      sweep(search);
      std::map<std::pair<int, Trial>, int> sent;
      search.watch = [&](int, const Message& message) {
        if (topic_of(message) != Topic::share) return;
        const auto share = from_bytes<Share>(message.body);
        for (const Trial& trial : share.trials) ++sent[{share.family, trial}];
      };
      search.run();
      expect_plain_searches(search,
                            fmt::format("{} ranks, speculation {}", ranks, name_of(speculation)));
      for (const auto& [trial, times] : sent) EXPECT_EQ(times, 1);
    }
}

TEST(Sweep, TheFullModelsMeanIsThatOfTheDrawnPrompts) {
  SimulatedSearch search(1, 1);
  sweep(search);
  search.run();
  const std::vector<double> full = made_up::full_per_prompt(0);
  EXPECT_EQ(search.got[0].full_mean, mean(full));
  EXPECT_EQ(search.got[1].full_mean, (full[0] + full[0] + full[2]) / 3);
}

TEST(Sweep, WithGuardsEachEndsAsItWouldAlone) {
  const auto guarded = [](SimulatedSearch& search) {
    search.ladder = {{Rung::fp32, Rung::fp64}, {1.0, 2.0}};
    search.audit_percent = 10;
    search.error = [](int rung, const Circuit& circuit) {
      return rung > 0 ? 0 : 0.02 * (made_up::fraction(7, circuit.first_reduced_layer(), 3) - 0.5);
    };
  };
  SimulatedSearch several(3, 1);
  guarded(several);
  sweep(several);
  several.run();
  for (const SearchRequest& request : requests(0)) {
    SimulatedSearch one(1, 1);
    guarded(one);
    one.pending.push_back({0, {request}});
    one.run();
    const Got &together = several.got[request.run], &alone = one.got[request.run];
    EXPECT_EQ(together.scores(), alone.scores()) << request.run;
    EXPECT_EQ(together.errors, alone.errors) << request.run;
    EXPECT_EQ(together.audited, alone.audited) << request.run;
  }
}

TEST(Sweep, StoppedAndTakenUpAgainEndsTheSame) {
  for (const int shares : {1, 10, 60}) {
    SimulatedSearch first(3, 1);
    sweep(first);
    int seen = 0;
    first.watch = [&](int, const Message& message) {
      if (topic_of(message) == Topic::share && ++seen == shares) first.job->coordinator().stop();
    };
    first.run();
    SimulatedSearch second(2, 1);
    sweep(second);
    for (SearchRequest& search : second.pending.front().searches) {
      const Got& got = first.got[search.run];
      search.before = {got.steps, got.errors, got.work.waves};
    }
    second.run();
    expect_plain_searches(second, fmt::format("stopped after {} shares", shares));
  }
}

TEST(Sweep, ARunThatCannotBeSearchedIsLeftOutAndItsFamilyGoesOn) {
  SimulatedSearch search(2, 2);
  sweep(search);
  search.usable = [](const Baseline&, int run) { return run != 2; };
  search.run();
  EXPECT_FALSE(search.got.contains(2));
  EXPECT_EQ(search.got[1].state, SearchProgress::State::finished);
  EXPECT_TRUE(search.job->coordinator().done());
}

TEST(DrawnPrompts, AreSplitmix64NumbersOfSeedResampleAndCount) {
  EXPECT_TRUE(draw_prompts(0, 7, 10).empty());
  // By tests/program/sweeps_test.py's own splitmix64.
  EXPECT_EQ(draw_prompts(1, 0, 10), (std::vector{4, 8, 5, 9, 6, 6, 4, 8, 1, 5}));
  EXPECT_EQ(draw_prompts(3, 7, 5), (std::vector{0, 3, 1, 4, 0}));
}

TEST(DrawnPrompts, AreDrawnAboutEquallyOften) {
  std::vector<int> counts(10);
  for (int resample = 1; resample <= 1000; ++resample)
    for (const int prompt : draw_prompts(resample, 0, 10))
      ++counts[static_cast<std::size_t>(prompt)];
  // Each is binomial, 1000 +- 30; five standard deviations.
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace headsweep
