// Questions answered by real ranks: each by one of them, whatever their number.
#include "pipeline/analyses/rank_scoring.h"

#include <chrono>
#include <csignal>
#include <map>
#include <set>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "io/errors.h"
#include "pipeline/message_loop.h"
#include "pipeline/stop.h"
#include "tests/pipeline/made_up_family.h"
#include "tests/ranks_test_main.h"

namespace headsweep {
namespace {

using namespace std::chrono_literals;

constexpr int families = 3;
constexpr const char* kind = "made up";

struct Counts {
  std::map<int, int> opened;  // families, how often
  int circuits = 0;
};

WorkerOptions made_up_worker(Counts& counts) {
  const auto open_family = [&counts](int family) {
    ++counts.opened[family];
    return FamilyScorer{1, {}, [&counts, family](int rung, std::span<const Circuit> circuits) {
                          EXPECT_EQ(rung, 1);
                          counts.circuits += static_cast<int>(circuits.size());
                          std::vector<Score> scores;
                          for (const Circuit& circuit : circuits)
                            scores.push_back({0, made_up::logit_differences(family, circuit),
                                              static_cast<double>(10 + family)});
                          return scores;
                        }};
  };
  return {{}, Speculation::automatic, 600, {kind, "1"}, open_family, {}};
}

/// In order, as a scorer asks them: single removals of each family.
std::vector<Question> questions() {
  std::set<Question> all;
  for (int family = 0; family < families; ++family)
    for (int layer = 0; layer < 5; ++layer)
      for (int head = 0; head < 4; ++head) {
        Circuit circuit(5, 4, Circuit::Start::everything);
        circuit.remove(layer, head);
        all.insert({family, circuit});
      }
  return {all.begin(), all.end()};
}

class RankScoringTest : public testing::Test {
  /// Lest a rank receives what was meant for this test in its next.
  void TearDown() override {
    test_ranks().meet_on_node();
    while (test_ranks().receive(50ms)) continue;
    test_ranks().meet_on_node();
  }
};

TEST_F(RankScoringTest, AnswersAreThoseOfEachCircuitAlone) {
  Ranks& ranks = test_ranks();
  Counts counts;
  Worker worker(ranks, made_up_worker(counts));
  if (ranks.rank() != 0) {
    EXPECT_EQ(exchange_messages(ranks, worker), Outcome::done);
  } else {
    RankScoring scoring(ranks, worker, {1, 600, {kind, "1"}});
    for (const bool again : {false, true}) {
      SCOPED_TRACE(again);
      const std::vector<Question> asked = questions();
      const std::vector<Answer> answers = scoring.answer(asked);
      ASSERT_EQ(answers.size(), asked.size());
      for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto& [family, circuit] = asked[i];
        EXPECT_EQ(answers[i].mean, mean(made_up::logit_differences(family, circuit)));
        EXPECT_EQ(answers[i].full_mean, 10 + family);
      }
    }
    EXPECT_TRUE(scoring.answer({}).empty());
    tell_all_to_quit(ranks, Outcome::done);
  }
  // A family is made ready once on a rank, unless that has another's in between.
  for (const auto& [family, times] : counts.opened) EXPECT_LE(times, 2) << family;
  if (ranks.size() == 1) {
    EXPECT_EQ(counts.circuits, 2 * families * 20);
  }
}

TEST_F(RankScoringTest, ARankOfAnotherKindIsRefused) {
  Ranks& ranks = test_ranks();
  if (ranks.size() == 1) return;
  Counts counts;
  Worker worker(ranks, made_up_worker(counts));
  if (ranks.rank() != 0) {
    EXPECT_EQ(exchange_messages(ranks, worker), Outcome::refused);
  } else {
    const auto ask = [&] {
      RankScoring scoring(ranks, worker, {1, 600, {"another", "1"}});
      return telling_all(ranks, [&] { return scoring.answer(questions()); });
    };
    EXPECT_THROW(ask(), UserError);
  }
}

TEST_F(RankScoringTest, ARankThatDoesNotAnswerInTimeIsNamed) {
  Ranks& ranks = test_ranks();
  if (ranks.size() == 1) return;
  Counts counts;
  WorkerOptions options = made_up_worker(counts);
  if (ranks.rank() == 1)
    options.open_family = [](int) -> FamilyScorer {
      std::this_thread::sleep_for(600ms);
      return {1, {}, [](int, std::span<const Circuit> circuits) {
                return std::vector<Score>(circuits.size(), {0, {0}, 0});
              }};
    };
  Worker worker(ranks, options);
  if (ranks.rank() != 0) {
    EXPECT_EQ(exchange_messages(ranks, worker), Outcome::failed);
    return;
  }
  RankScoring scoring(ranks, worker, {1, 0.2, {kind, "1"}});
  try {
    scoring.answer(questions());
    ADD_FAILURE() << "no error";
  } catch (const MachineError& error) {
    EXPECT_NE(std::string(error.what()).find(ranks.name_of(1) + " has not answered"),
              std::string::npos)
        << error.what();
  }
  tell_all_to_quit(ranks, Outcome::failed);
}

/// Its signal is not forgotten, so this is the last of them.
TEST_F(RankScoringTest, ASignalToAnyRankStopsIt) {
  Ranks& ranks = test_ranks();
  Counts counts;
  Worker worker(ranks, made_up_worker(counts));
  if (ranks.rank() == ranks.size() - 1) {
    watch_for_stop_signals();
    std::raise(SIGUSR1);
  }
  if (ranks.rank() != 0) {
    EXPECT_EQ(exchange_messages(ranks, worker), Outcome::stopped);
  } else {
    RankScoring scoring(ranks, worker, {1, 600, {kind, "1"}});
    const std::vector<Question> asked = questions();
    const auto ask_until_stopped = [&] {
      for (int times = 0; times < 100'000; ++times) scoring.answer(asked);
    };
    EXPECT_THROW(ask_until_stopped(), AskedToStop);
    tell_all_to_quit(ranks, Outcome::stopped);
  }
}

TEST(Dealer, DealsEverythingOnceInPiecesOfOneFamilyThatShrink) {
  const std::vector<Question> asked = questions();
  for (const int ranks : {1, 2, 3, 7, 200}) {
    Dealer dealer(ranks);
    dealer.begin(asked);
    std::vector<int> dealt(asked.size());
    int pieces = 0, rank = 0;
    std::size_t last = 0;
    while (const auto piece = dealer.next(rank)) {
      ASSERT_GT(piece->size, 0u);
      for (std::size_t i = piece->first; i < piece->first + piece->size; ++i) {
        ++dealt.at(i);
        EXPECT_EQ(asked[i].family, piece->family);
      }
      dealer.took(piece->family, piece->size, 1e-6);
      rank = (rank + 1) % ranks;
      ++pieces;
      last = piece->size;
    }
    EXPECT_EQ(dealt, std::vector<int>(asked.size(), 1)) << ranks;
    EXPECT_GE(pieces, std::min(ranks, static_cast<int>(asked.size()))) << ranks;
    EXPECT_LE(last, ranks == 1 ? 20u : 4u) << ranks;
  }
}

TEST(Dealer, ARankStaysWithItsFamilyAndFamiliesGoToDifferentRanks) {
  const std::vector<Question> asked = questions();
  Dealer dealer(families);
  dealer.begin(asked);
  std::map<int, int> open;  // by rank
  std::set<int> all;
  for (int rank = 0; rank < families; ++rank) {
    open[rank] = dealer.next(rank)->family;
    all.insert(open[rank]);
    EXPECT_EQ(dealer.next(rank)->family, open[rank]);
  }
  EXPECT_EQ(std::ssize(all), families);
  for (int rank = 0; const auto piece = dealer.next(rank); rank = (rank + 1) % families)
    open[rank] = piece->family;
  // What a rank has ready it is asked about again.
  dealer.begin(asked);
  for (const auto& [rank, family] : open) EXPECT_EQ(dealer.next(rank)->family, family) << rank;
}

TEST(Dealer, WhatTakesLongIsDealtInSmallPieces) {
  const std::vector<Question> asked = questions();
  Dealer dealer(1);
  dealer.begin(asked);
  for (int family = 0; family < families; ++family) dealer.took(family, 10, 6.0);
  EXPECT_EQ(dealer.next(0)->size, 2u);  // a second and a half's
  dealer.took(0, 2, 5.0);
  EXPECT_EQ(dealer.next(0)->size, 1u);
}

}  // namespace
}  // namespace headsweep
