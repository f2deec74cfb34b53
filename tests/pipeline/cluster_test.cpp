// The coordinator, workers and leaders on simulated ranks: whatever the number of ranks, families
// and the order of events, what comes out is the plain search.
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "tests/pipeline/simulated_search.h"

namespace headsweep {
namespace {

void expect_plain_search(const SimulatedSearch& search, const std::string& what) {
  ASSERT_EQ(std::ssize(search.got), search.families) << what;
  for (const auto& [family, got] : search.got) {
    const auto expected =
        made_up::plain_search(family, for_family(search.rule, search.named_positions));
    EXPECT_EQ(got.state, SearchProgress::State::finished) << what << family;
    EXPECT_EQ(got.scores(), expected.scores) << what << family;
    EXPECT_EQ(got.per_prompt(), expected.per_prompt) << what << family;
    EXPECT_EQ(got.ranking(), expected.ranking) << what << family;
    EXPECT_EQ(got.full_mean, mean(made_up::full_per_prompt(family))) << what << family;
    EXPECT_EQ(got.families_left_behind, 0) << what << family;
  }
  EXPECT_TRUE(search.job->coordinator().done()) << what;
  EXPECT_EQ(search.begun, 1) << what;
}

class AnyNumberOfRanks : public testing::TestWithParam<std::tuple<int, int, Order>> {};

TEST_P(AnyNumberOfRanks, FindsWhatThePlainSearchFinds) {
  const auto [ranks, families, order] = GetParam();
  for (const Speculation speculation : {Speculation::automatic, Speculation::off})
    for (const int ranks_per_family : {0, 1, 3})
      for (const int side_by_side : {1, 4}) {
        SimulatedSearch search(ranks, families);
        search.rule.order = order;
        search.speculation = speculation;
        search.ranks_per_family = ranks_per_family;
        search.side_by_side = side_by_side;
        search.run();
        expect_plain_search(
            search, fmt::format("speculation {}, {} ranks per family, {} side by side, family ",
                                name_of(speculation), ranks_per_family, side_by_side));
      }
}

INSTANTIATE_TEST_SUITE_P(Ranks, AnyNumberOfRanks,
                         testing::Combine(testing::Values(1, 2, 3, 4, 7, 32),
                                          testing::Values(1, 3, 20),
                                          testing::Values(Order::backward, Order::importance)),
                         [](const auto& info) {
                           return fmt::format("{}Ranks{}Families{}", std::get<0>(info.param),
                                              std::get<1>(info.param),
                                              name_of(std::get<2>(info.param)));
                         });

struct Kind {
  Order order;
  Components components;
  Granularity granularity;
};

class AnyKindOfSearch : public testing::TestWithParam<Kind> {};

TEST_P(AnyKindOfSearch, FindsOnAnyNumberOfRanksWhatThePlainSearchFinds) {
  for (const int ranks : {1, 2, 5, 32})
    for (const Speculation speculation : {Speculation::automatic, Speculation::off})
      for (const int side_by_side : {1, 4}) {
        SimulatedSearch search(ranks, 3);
        search.rule.order = GetParam().order;
        search.rule.components = GetParam().components;
        search.rule.granularity = GetParam().granularity;
        search.named_positions = 3;
        search.speculation = speculation;
        search.side_by_side = side_by_side;
        search.run();
        expect_plain_search(search,
                            fmt::format("{} ranks, speculation {}, {} side by side, family ", ranks,
                                        name_of(speculation), side_by_side));
        if (speculation == Speculation::off) {
          EXPECT_EQ(search.got[0].work.discarded, 0);
        }
      }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, AnyKindOfSearch,
    testing::Values(Kind{Order::backward, Components::heads_and_mlps, Granularity::component},
                    Kind{Order::forward, Components::heads_and_mlps, Granularity::component},
                    Kind{Order::alternate, Components::heads_and_mlps, Granularity::component},
                    Kind{Order::alternate, Components::heads, Granularity::component},
                    Kind{Order::alternate, Components::mlps, Granularity::component},
                    Kind{Order::importance, Components::heads_and_mlps, Granularity::component},
                    Kind{Order::backward, Components::heads, Granularity::position},
                    Kind{Order::alternate, Components::heads_and_mlps, Granularity::position}),
    [](const auto& info) {
      return fmt::format("{}{}{}", name_of(info.param.order),
                         static_cast<int>(info.param.components), name_of(info.param.granularity));
    });

TEST(MadeUpFamilies, AlternatingRemovesMoreInLaterPasses) {
  SearchRule rule{5, 4, Order::alternate, 3.0};
  rule.components = Components::heads_and_mlps;
  int passes = 0;
  for (int family = 0; family < 20; ++family) {
    const auto expected = made_up::plain_search(family, rule);
    const auto first = expected.removed.begin() + rule.decisions();
    passes += std::find(first, expected.removed.end(), true) != expected.removed.end() ? 1 : 0;
  }
  EXPECT_GT(passes, 5);
}

TEST(Cluster, SpeculationGoesAcrossThePassesOfAnAlternatingSearch) {
  SimulatedSearch search(8, 1);
  search.rule = {12, 12, Order::alternate, 3.0};
  search.run();
  const auto decisions = search.got[0].scores().size();
  EXPECT_GT(decisions, 144u);
  EXPECT_LT(search.got[0].work.waves, static_cast<int>(decisions) / 3);
}

TEST(MadeUpFamilies, DifferAndKeepSomeHeadsAndRemoveMore) {
  const SearchRule rule{5, 4, Order::backward, 3.0};
  std::set<std::vector<bool>> different;
  int removed = 0;
  for (int family = 0; family < 20; ++family) {
    const auto expected = made_up::plain_search(family, rule);
    different.insert(expected.removed);
    removed += static_cast<int>(std::ranges::count(expected.removed, true));
  }
  EXPECT_GT(different.size(), 15u);
  EXPECT_GT(removed, 20 * 20 / 2);
  EXPECT_LT(removed, 20 * 20);
}

TEST(Cluster, WhileFamiliesWaitEachIsSearchedByOneRank) {
  SimulatedSearch search(4, 11);
  std::set<int> begun;
  int helped_early = 0, helped_late = 0;
  search.watch = [&](int rank, const Message& message) {
    if (topic_of(message) == Topic::lead)
      begun.insert(from_bytes<LeadRequest>(message.body).family);
    if (topic_of(message) == Topic::share && message.from != rank)
      ++(std::ssize(begun) < search.families ? helped_early : helped_late);
  };
  search.run();
  EXPECT_EQ(helped_early, 0);
  EXPECT_GT(helped_late, 0);
}

TEST(Cluster, RanksThatAreLeftOverJoinTheLastFamilies) {
  SimulatedSearch search(7, 3);
  std::map<int, std::set<int>> helpers;  // by family
  search.watch = [&](int rank, const Message& message) {
    if (topic_of(message) == Topic::share)
      helpers[from_bytes<Share>(message.body).family].insert(rank);
  };
  search.run();
  std::set<int> all;
  for (const auto& [family, ranks] : helpers) {
    EXPECT_GE(ranks.size(), 2u) << family;
    all.insert(ranks.begin(), ranks.end());
  }
  EXPECT_EQ(all.size(), 7u);
}

TEST(Cluster, AGroupOfAFixedSizeStaysAsItIs) {
  SimulatedSearch search(8, 5);
  search.ranks_per_family = 3;
  search.watch = [&](int, const Message& message) {
    if (topic_of(message) == Topic::lead) {
      EXPECT_EQ(from_bytes<LeadRequest>(message.body).group.size(), 3u);
    }
    EXPECT_NE(topic_of(message), Topic::join);
  };
  search.run();
}

TEST(Cluster, ASlowFamilyHoldsUpNobody) {
  SimulatedSearch search(4, 13);
  constexpr int slow_family = 1;
  search.circuit_seconds = [](int family) { return family == slow_family ? 5.0 : 0.1; };
  const double seconds = search.run();
  const double decisions = search.rule.decisions(), slow = 5.0 * decisions,
               others = 12 * 0.1 * decisions;
  EXPECT_LT(seconds, slow * 1.02);  // ranks that the others set free even help it
  for (const auto& [family, got] : search.got) {
    if (family != slow_family) {
      EXPECT_LT(got.ended_at, others / 3 * 1.1) << family;
    }
  }
}

TEST(Cluster, ASlowFamilyOnRankZeroDelaysEachNextFamilyByOneCircuitAtMost) {
  SimulatedSearch search(4, 13);
  search.circuit_seconds = [](int family) { return family == 0 ? 5.0 : 0.1; };
  const double seconds = search.run();
  const double decisions = search.rule.decisions(), slow = 5.0 * decisions;
  EXPECT_LT(seconds, slow * 1.02);
  // Three ranks take four rounds; each round's end is noticed between rank 0's circuits.
  for (const auto& [family, got] : search.got) {
    if (family != 0) {
      EXPECT_LT(got.ended_at, 4 * (0.1 * decisions + 5.0) + 1) << family;
    }
  }
}

TEST(Cluster, SpeculationTakesFarFewerWavesThanDecisions) {
  SimulatedSearch search(8, 1);
  search.rule = {12, 12, Order::backward, 3.0};
  search.run();
  EXPECT_LT(search.got[0].work.waves, 144 / 3);
  std::printf("144 decisions in %d waves of 8 ranks\n", search.got[0].work.waves);
}

TEST(Cluster, WithoutSpeculationEachDecisionIsAWaveOfOneCircuit) {
  SimulatedSearch search(8, 1);
  search.speculation = Speculation::off;
  search.run();
  EXPECT_EQ(search.got[0].work.waves, search.rule.decisions());
  EXPECT_EQ(search.got[0].work.evaluations, search.rule.decisions());
  EXPECT_EQ(search.got[0].work.discarded, 0);
}

TEST(Cluster, EveryEvaluationIsUsedOrDiscarded) {
  for (const Order order : {Order::backward, Order::alternate, Order::importance}) {
    SimulatedSearch search(5, 4);
    search.rule.order = order;
    search.run();
    for (const auto& [family, got] : search.got) {
      // A ranking evaluates the circuit of a layer's first decision as well, and two passes may ask
      // for the same circuit: known, not evaluated again.
      const auto used = got.work.evaluations - got.work.discarded;
      EXPECT_LE(used, std::ssize(got.scores()) + std::ssize(got.ranking())) << family;
      const auto wanted = made_up::plain_search(family, search.rule).wanted.size();
      EXPECT_GE(used, std::max(wanted, got.ranking().size())) << family;
    }
  }
}

int waves(const SimulatedSearch& search) {
  int sum = 0;
  for (const auto& [family, got] : search.got) sum += got.work.waves;
  return sum;
}

TEST(Cluster, ScoresThatAreThrownAwayTellWhatToTryNext) {
  int with_estimates = 0, without = 0;
  for (int seed = 0; seed < 10; ++seed) {
    SimulatedSearch search(8, 1);
    search.rule = {12, 12, Order::backward, 3.0};
    search.pending = {{seed, search.searches_of(seed)}};
    search.run();
    with_estimates += waves(search);

    SimulatedSearch blind(8, 1);
    blind.rule = search.rule;
    blind.pending = search.pending;
    const auto expected = made_up::plain_search(seed, blind.rule);
    blind.logit_differences = [&](int family, const Circuit& circuit) {
      if (expected.wanted.contains(circuit)) return made_up::logit_differences(family, circuit);
      return std::vector<double>(made_up::prompts, std::nan(""));
    };
    blind.run();
    EXPECT_EQ(blind.got[seed].scores(), search.got[seed].scores());
    without += waves(blind);
  }
  std::printf("10 families of 144 decisions: %d waves, %d without estimates\n", with_estimates,
              without);
  EXPECT_LT(with_estimates, without);
}

}  // namespace
}  // namespace headsweep
