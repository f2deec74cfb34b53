// How searches on simulated ranks end before they are done: on request, or because a rank fails.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"
#include "tests/pipeline/simulated_search.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

template <class T>
bool is_prefix(const std::vector<T>& prefix, const std::vector<T>& all) {
  return prefix.size() <= all.size() && std::equal(prefix.begin(), prefix.end(), all.begin());
}

struct StoppedAfter {
  int ranks, families, shares;
  Order order;
};

class AStop : public testing::TestWithParam<StoppedAfter> {};

TEST_P(AStop, LeavesABeginningFromWhichTheNextStartGoesOn) {
  const int families = GetParam().families, shares = GetParam().shares;
  const Order order = GetParam().order;
  SimulatedSearch first(GetParam().ranks, families);
  first.rule.order = order;
  first.side_by_side = 2;
  int seen = 0;
  first.watch = [&](int rank, const Message& message) {
    if (topic_of(message) == Topic::share && ++seen == shares)
      first.cluster->rank(rank).send(0, make_message(Topic::stop_asked));
  };
  first.run();
  EXPECT_TRUE(first.job->coordinator().done());

  SimulatedSearch second(3, families);
  second.rule = first.rule;
  for (int family = 0; family < families; ++family) {
    const Got& got = first.got[family];
    const auto expected = made_up::plain_search(family, first.rule);
    EXPECT_TRUE(is_prefix(got.scores(), expected.scores)) << family;
    EXPECT_TRUE(is_prefix(got.ranking(), expected.ranking)) << family;
    second.pending.push_back({family,
                              {{family,
                                first.rule.threshold_percent,
                                first.rule.order,
                                {},
                                {got.steps, got.errors, got.work.waves}}}});
  }
  second.run();
  for (int family = 0; family < families; ++family) {
    const auto expected = made_up::plain_search(family, first.rule);
    const Got& whole = second.got[family];
    EXPECT_EQ(whole.scores(), expected.scores) << family;
    EXPECT_EQ(whole.ranking(), expected.ranking) << family;
    // Waves are numbered on.
    const auto decisions = whole.decisions();
    if (const auto before = first.got[family].decisions().size(); before < decisions.size()) {
      EXPECT_GT(decisions[before].wave, first.got[family].work.waves) << family;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stops, AStop,
                         testing::Values(StoppedAfter{1, 1, 1, Order::backward},
                                         StoppedAfter{1, 3, 25, Order::backward},
                                         StoppedAfter{4, 1, 9, Order::backward},
                                         StoppedAfter{4, 9, 30, Order::importance},
                                         StoppedAfter{7, 3, 2, Order::importance},
                                         StoppedAfter{7, 3, 17, Order::importance},
                                         StoppedAfter{4, 2, 35, Order::alternate},
                                         StoppedAfter{2, 3, 20, Order::forward},
                                         StoppedAfter{32, 20, 100, Order::backward}),
                         [](const auto& info) {
                           return fmt::format("{}Ranks{}FamiliesAfter{}", info.param.ranks,
                                              info.param.families, info.param.shares);
                         });

TEST(AStopAtAnyMoment, EndsAfterTheWave) {
  for (int shares = 1; shares < 40; ++shares) {
    SimulatedSearch search(3, 2);
    search.rule.order = Order::importance;
    int seen = 0, after = 0;
    search.watch = [&](int rank, const Message& message) {
      if (topic_of(message) != Topic::share) return;
      if (++seen == shares) search.cluster->rank(rank).send(0, make_message(Topic::stop_asked));
      after += seen > shares;
    };
    search.run();
    EXPECT_TRUE(search.job->coordinator().done()) << shares;
    // The share under way, and waves that began before the leader heard of it.
    EXPECT_LE(after, 6) << shares;
  }
}

TEST(AStopBeforeTheFirstSearch, BeginsNone) {
  SimulatedSearch search(2, 5);
  search.watch = [&](int rank, const Message& message) {
    if (topic_of(message) == Topic::check_baseline)
      search.cluster->rank(rank).send(0, make_message(Topic::stop_asked));
  };
  search.run();
  EXPECT_TRUE(search.job->coordinator().done());
  EXPECT_EQ(search.begun, 0);
  EXPECT_TRUE(search.got.empty());
}

TEST(ARankThatDoesNotScoreItsShare, IsNamedByTheLeader) {
  SimulatedSearch search(6, 1);
  search.put_together();
  search.cluster->set_handler(5, [&](const Message& message) {
    if (topic_of(message) != Topic::share) search.job->worker(5).handle(message);
  });
  search.run();
  EXPECT_NO_THROW(search.job->worker(0).check_patience());
  search.cluster->spend(0, 601);
  EXPECT_THAT([&] { search.job->worker(0).check_patience(); },
              ThrowsMessage<MachineError>(
                  AllOf(HasSubstr("rank 5 on host n2"), HasSubstr("run.stall_seconds"))));
}

TEST(ARankThatNeverBecomesReady, IsNamedByRankZero) {
  SimulatedSearch search(3, 1);
  search.put_together();
  search.job->worker(0).report_ready();
  search.job->worker(1).report_ready();
  search.cluster->run();
  EXPECT_NO_THROW(search.job->coordinator().keep_watch());
  search.cluster->spend(0, 700);
  EXPECT_THAT([&] { search.job->coordinator().keep_watch(); },
              ThrowsMessage<MachineError>(
                  AllOf(HasSubstr("rank 2 on host n1"), HasSubstr("not answered"))));
}

TEST(ALeaderThatIsSilent, IsNamedByRankZero) {
  SimulatedSearch search(3, 3);
  search.put_together();
  search.cluster->set_handler(1, [&](const Message& message) {
    if (topic_of(message) != Topic::lead) search.job->worker(1).handle(message);
  });
  search.run();
  search.cluster->spend(0, 610);
  EXPECT_THAT([&] { search.job->coordinator().keep_watch(); },
              ThrowsMessage<MachineError>(
                  AllOf(HasSubstr("rank 1 on host n1"), HasSubstr("search that it leads"))));
}

TEST(ARankAlone, IsNotSilentTowardsItselfHoweverLongItComputes) {
  SimulatedSearch search(1, 1);
  search.watch = [&](int rank, const Message&) {
    search.cluster->spend(rank, 700);
    EXPECT_NO_THROW(search.job->coordinator().keep_watch());
    EXPECT_NO_THROW(search.job->worker(0).check_patience());
  };
  search.run();
  EXPECT_TRUE(search.job->coordinator().done());
}

TEST(RankZero, IsMissedByTheOthersAndHeardOfInTime) {
  SimulatedSearch search(2, 1);
  search.run();
  search.cluster->spend(1, 500);
  EXPECT_NO_THROW(search.job->worker(1).check_patience());
  search.cluster->spend(0, 499);
  search.job->coordinator().keep_watch();  // tells the others that it is alive
  search.cluster->run();
  search.cluster->spend(1, 500);
  EXPECT_NO_THROW(search.job->worker(1).check_patience());
  search.cluster->spend(1, 200);
  EXPECT_THAT([&] { search.job->worker(1).check_patience(); },
              ThrowsMessage<MachineError>(HasSubstr("rank 0 on host n1")));
}

TEST(ARankOfAnotherKind, IsRefused) {
  SimulatedSearch search(3, 1);
  search.others[2] = {"another device", "1"};
  EXPECT_THAT([&] { search.run(); }, ThrowsMessage<UserError>(AllOf(HasSubstr("rank 2 on host n1"),
                                                                    HasSubstr("'another device'"),
                                                                    HasSubstr("'simulated'"))));
}

TEST(ARankWithAnotherProgram, IsRefused) {
  SimulatedSearch search(6, 1);
  search.others[4] = {"simulated", "0.9"};
  EXPECT_THAT([&] { search.run(); }, ThrowsMessage<UserError>(AllOf(HasSubstr("rank 4 on host n2"),
                                                                    HasSubstr("headsweep 0.9"))));
}

}  // namespace
}  // namespace headsweep
