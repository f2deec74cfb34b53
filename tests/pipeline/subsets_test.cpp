// How analyses ask, and which subsets of a circuit they look at.
#include "pipeline/analyses/subsets.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipeline/made_up_scorer.h"

namespace headsweep {
namespace {

using testing::ElementsAre;

TEST(Scorer, AsksForEachCircuitOnceAndInOrder) {
  MadeUp made(with_a_backup);
  const Subject subject = small_subject();
  const std::vector<Circuit> circuits = {subject.everything(), subject.nothing,
                                         subject.everything()};
  EXPECT_THAT(made.scorer.means(0, circuits), ElementsAre(15, 0, 15));
  EXPECT_THAT(made.scorer.means(0, circuits), ElementsAre(15, 0, 15));
  ASSERT_EQ(made.asked.size(), 1u);
  EXPECT_THAT(made.asked[0],
              ElementsAre(Question{0, subject.nothing}, Question{0, subject.everything()}));
  EXPECT_EQ(made.scorer.evaluations(), 2);
  EXPECT_EQ(made.scorer.full_mean(0), 15);
}

TEST(Scorer, AsksForAFamilysCircuitsTogetherAndKeepsThemApart) {
  MadeUp made(with_a_backup);
  const Subject subject = small_subject();
  const std::vector<Question> questions = {
      {1, subject.everything()}, {0, subject.everything()}, {1, subject.nothing}};
  EXPECT_THAT(made.scorer.means(questions), ElementsAre(115, 15, 100));
  EXPECT_THAT(made.asked[0], ElementsAre(questions[1], questions[2], questions[0]));
  made.scorer.keep_only(1);
  EXPECT_THAT(made.scorer.means(questions), ElementsAre(115, 15, 100));
  EXPECT_THAT(made.asked.at(1), ElementsAre(questions[1]));
}

TEST(Subsets, AtRandomAreDifferentNeverEmptyAndTheSameForTheSameSeed) {
  const Subset all = large_subject().all;
  const auto subsets = random_subsets(all, 50, 7);
  ASSERT_EQ(subsets.size(), 50u);
  EXPECT_EQ(std::set(subsets.begin(), subsets.end()).size(), 50u);
  std::size_t members = 0;
  for (const Subset& each : subsets) {
    EXPECT_FALSE(each.empty());
    EXPECT_TRUE(std::ranges::includes(all, each));
    members += each.size();
  }
  // 500 are expected of 1,000, give or take 16.
  EXPECT_NEAR(static_cast<double>(members), 500, 80);
  EXPECT_EQ(random_subsets(all, 50, 7), subsets);
  EXPECT_NE(random_subsets(all, 50, 8), subsets);
}

TEST(Subsets, OfASmallCircuitAreAllThatThereAre) {
  EXPECT_THAT(random_subsets(small_subject().kept, 10, 0),
              testing::UnorderedElementsAre(Subset{head(0, 1)}, Subset{head(1, 1)},
                                            Subset{head(0, 1), head(1, 1)}));
  EXPECT_TRUE(random_subsets({}, 10, 0).empty());
}

Climb climb_of(const Subject& subject, std::uint64_t restart = 0) {
  const auto contrast = [&subject](const Subset& removed) {
    return Contrast{subject.circuit_without(removed), subject.everything()};
  };
  return {subject.kept, contrast, RandomNumbers{restart}};
}

TEST(Climb, TakesAComponentOnlyIfTheDifferenceGrows) {
  // Nothing is lost before 1.1 and 1.2 are both gone.
  MadeUp made(redundant);
  const Subject subject = subject_with_1_2();
  Climb on_the_plateau = climb_of(subject);
  on_the_plateau.from = {head(1, 1), head(1, 2)};
  const auto summit = climb(made.scorer, 0, {on_the_plateau}, 10, 10).front();
  EXPECT_TRUE(summit.removed.empty());
  EXPECT_EQ(summit.difference(), 0);
  // 0.1 is worth a step; after it the plateau is as flat.
  EXPECT_THAT(climb(made.scorer, 0, {climb_of(subject)}, 10, 10).front().removed,
              ElementsAre(head(0, 1)));
}

TEST(Climb, TakesTheComponentThatDoesMostAndOfEqualOnesTheFirst) {
  MadeUp made([](const Circuit& c) {
    double mean = 0;
    for (int layer = 0; layer < 4; ++layer)
      for (int h = 0; h < 5; ++h) mean += c.keeps(layer, h) ? (layer == 2 || h == 4 ? 2 : 1) : 0;
    return mean;
  });
  const Subject subject = large_subject();
  const auto removed = [&](int iterations) {
    return climb(made.scorer, 0, {climb_of(subject)}, iterations, 20).front().removed;
  };
  EXPECT_THAT(removed(1), ElementsAre(head(0, 4)));
  EXPECT_THAT(removed(3), ElementsAre(head(0, 4), head(1, 4), head(2, 0)));
  EXPECT_THAT(removed(0), testing::IsEmpty());
}

TEST(Climb, ClimbsGoInStepAndDrawTheirOwnCandidates) {
  MadeUp made([](const Circuit& c) {
    double mean = 0;
    for (int layer = 0; layer < 4; ++layer)
      for (int h = 0; h < 5; ++h) mean += c.keeps(layer, h) ? 1 + layer : 0;
    return mean;
  });
  const Subject subject = large_subject();
  std::vector<Climb> climbs;
  for (std::uint64_t restart = 0; restart < 6; ++restart)
    climbs.push_back(climb_of(subject, restart));
  const auto summits = climb(made.scorer, 0, climbs, 4, 3);
  EXPECT_EQ(made.asked.size(), 5u);  // where they begin, and an iteration of all at a time
  std::set<Subset> different;
  for (const Summit& each : summits) {
    EXPECT_EQ(each.removed.size(), 4u);
    different.insert(each.removed);
  }
  EXPECT_GT(different.size(), 3u);
  // Each alone finds what it finds beside the others.
  for (std::uint64_t restart = 0; restart < 6; ++restart)
    EXPECT_EQ(climb(made.scorer, 0, {climb_of(subject, restart)}, 4, 3).front().removed,
              summits[restart].removed);
}

}  // namespace
}  // namespace headsweep
