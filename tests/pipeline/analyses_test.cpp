// What analyses make of a scorer's answers, on functions small enough to reckon by hand.
#include "pipeline/analyses/analyses.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/analyses/faithfulness.h"
#include "pipeline/analyses/knockouts.h"
#include "pipeline/analyses/sizes.h"
#include "pipeline/analyses/transfer.h"
#include "tests/pipeline/made_up_scorer.h"

namespace headsweep {
namespace {

using testing::ElementsAre;
using Choice = CompletenessRecord::Choice;

TEST(Knockouts, EachComponentIsRemovedFromEverythingAndKeptAlone) {
  MadeUp made(with_a_backup);
  EXPECT_THAT(knock_out(made.scorer, small_subject()),
              ElementsAre(KnockoutRecord{head(0, 0), 14, 1}, KnockoutRecord{head(0, 1), 5, 10},
                          KnockoutRecord{head(0, 2), 15, 0}, KnockoutRecord{head(1, 0), 15, 0},
                          KnockoutRecord{head(1, 1), 14, 4}, KnockoutRecord{head(1, 2), 15, 3}));
}

TEST(Knockouts, GoThroughMlpsAndPositionsAsTheSearchDid) {
  RunRecord run = small_run();
  run.components = Components::heads_and_mlps;
  run.granularity = Granularity::position;
  for (auto& [key, value] : run.identity) {
    if (key == "components") value = "heads, mlps";
    if (key == "granularity") value = "position";
  }
  run.decisions.clear();
  MadeUp made([](const Circuit& c) {
    return (c.keeps(1, 2, 1) ? 2.0 : 0) + (c.keeps(1, 2, 0) ? 4.0 : 0) + (c.keeps_mlp(0) ? 8.0 : 0);
  });
  const auto records = knock_out(made.scorer, subject_of(run, 0));
  ASSERT_EQ(records.size(), 14u);
  EXPECT_EQ(records.front(), (KnockoutRecord{{0, RunComponent::mlp}, 6, 8}));
  EXPECT_EQ(records[12], (KnockoutRecord{{1, 2, 0}, 10, 4}));
  EXPECT_EQ(records[13], (KnockoutRecord{{1, 2, 1}, 12, 2}));
}

TEST(Completeness, IsThatOfTheRandomSubsetsOfTheWorstAndOfTheWhole) {
  MadeUp made(with_a_backup);
  const auto records = completeness(made.scorer, small_subject(), {});
  ASSERT_EQ(records.size(), 5u);
  for (const auto& each : records) {
    // Without 1.1 its backup outside of the circuit steps in.
    const bool with_1_1 = std::ranges::binary_search(each.removed, head(1, 1));
    EXPECT_EQ(each.incompleteness(), with_1_1 ? 4 : 1);
  }
  EXPECT_EQ(records[0].choice, Choice::random);
  EXPECT_EQ(records[3],
            (CompletenessRecord{Choice::greedy, {head(1, 1)}, 10, 14}));  // all ten restarts'
  EXPECT_EQ(records[4], (CompletenessRecord{Choice::whole, {head(0, 1), head(1, 1)}, 0, 4}));
}

TEST(Completeness, OfAnEmptyCircuitIsThatOfTheModel) {
  RunRecord run = small_run();
  for (DecisionRecord& each : run.decisions) each.removed = true;
  MadeUp made(with_a_backup);
  const Subject subject = subject_of(run, 0);
  EXPECT_THAT(completeness(made.scorer, subject, {}),
              ElementsAre(CompletenessRecord{Choice::greedy, {}, 0, 15},
                          CompletenessRecord{Choice::whole, {}, 0, 15}));
  EXPECT_TRUE(minimality(made.scorer, subject, {}).empty());
}

TEST(Minimality, IsThatOfTheSubsetWithoutWhichAComponentDoesMost) {
  MadeUp made(redundant);
  SubsetDraws draws;
  draws.random = 0;
  EXPECT_THAT(minimality(made.scorer, subject_with_1_2(), draws),
              ElementsAre(MinimalityRecord{head(0, 1), {}, 14, 4},
                          MinimalityRecord{head(1, 1), {head(1, 2)}, 14, 10},
                          MinimalityRecord{head(1, 2), {head(1, 1)}, 14, 10}));
}

TEST(Minimality, TakesTheRandomSubsetsToo) {
  MadeUp made(redundant);
  SubsetDraws draws;
  draws.iterations = 0;
  const auto records = minimality(made.scorer, subject_with_1_2(), draws);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1].score(), 4);
  EXPECT_THAT(records[1].removed, testing::Contains(head(1, 2)));
  EXPECT_THAT(records[1].removed, testing::Not(testing::Contains(head(1, 1))));
}

TEST(Evaluations, AreNeverMoreThanIsSaid) {
  for (const Subject& subject : {small_subject(), subject_with_1_2(), large_subject()})
    for (const Analysis analysis : {Analysis::knockout, Analysis::faithfulness, Analysis::curve}) {
      MadeUp made(
          [](const Circuit& c) { return static_cast<double>(c.kept().size()) + redundant(c); });
      const SubsetDraws draws{3, 2, 4, 5, 1};
      made.scorer.means(0, std::vector{subject.everything(), subject.circuit(), subject.nothing});
      if (analysis == Analysis::knockout) knock_out(made.scorer, subject);
      if (analysis == Analysis::curve) score_sizes(made.scorer, subject);
      if (analysis == Analysis::faithfulness) {
        completeness(made.scorer, subject, draws);
        minimality(made.scorer, subject, draws);
      }
      EXPECT_LE(made.scorer.evaluations(),
                most_evaluations(analysis, subject.all.size(), subject.kept.size(), draws))
          << name_of(analysis);
    }
}

TEST(Sizes, TheBestByLossComeFirstAndOfEqualOnesThoseThatAreKept) {
  EXPECT_THAT(best_first(small_subject()),
              ElementsAre(head(1, 1), head(0, 1), head(1, 2), head(0, 2), head(1, 0), head(0, 0)));
  Subject equal = small_subject();
  equal.losses = {5, 5, 5, 6, 5, 5};
  EXPECT_THAT(best_first(equal),
              ElementsAre(head(1, 0), head(0, 1), head(1, 1), head(0, 0), head(0, 2), head(1, 2)));
}

TEST(Sizes, AreRoundedDownAndTheirAreasAreThoseOfTrapezoids) {
  MadeUp made(with_a_backup);
  AnalysisRecord record;
  record.full = 15;
  record.sizes = score_sizes(made.scorer, small_subject());
  ASSERT_EQ(record.sizes.size(), 10u);
  EXPECT_EQ(record.sizes[6], (SizeRecord{.1, 0, 0}));   // 0.6 of a component
  EXPECT_EQ(record.sizes[7], (SizeRecord{.2, 1, 4}));   // 1.1
  EXPECT_EQ(record.sizes[8], (SizeRecord{.5, 3, 14}));  // 0.1 and 1.2, too
  EXPECT_EQ(record.sizes[9], (SizeRecord{1, 6, 15}));
  // f is 0 up to 0.1, then 4/15, 14/15 and 1.
  const Areas areas = areas_of(record);
  EXPECT_NEAR(areas.cpr, .1 * (4. / 15) / 2 + .3 * (18. / 15) / 2 + .5 * (29. / 15) / 2, 1e-12);
  EXPECT_NEAR(areas.cpr + areas.cmd, .999, 1e-12);
}

TEST(Sizes, WhatIsBetterThanTheFullModelCountsAgainstCmd) {
  AnalysisRecord record;
  record.full = 10;
  record.empty = 0;
  record.sizes = {{.5, 1, 15}, {1, 2, 10}};  // f is 1.5, then 1
  EXPECT_NEAR(areas_of(record).cpr, .5 * 2.5 / 2, 1e-12);
  EXPECT_NEAR(areas_of(record).cmd, .5 * .5 / 2, 1e-12);
}

TEST(Transfer, EveryCircuitIsScoredOnEveryFamilyWhereThatMeansSomething) {
  MadeUp made(with_a_backup);
  const std::vector<std::string> names = {"S1", "end"};
  Subject second = subject_with_1_2();
  second.family = 1;
  ComparedCircuit with_mlps{"c", small_subject(), names};
  with_mlps.subject.nothing = Circuit(2, 3, Circuit::Start::nothing, 1, Components::heads_and_mlps);
  const std::vector<ComparedCircuit> circuits = {
      {"a", small_subject(), names}, {"b", second, names}, with_mlps};
  const std::vector<ComparedFamily> families = {{0, "even", {}, names}, {1, "odd", {}, names}};
  const ComparisonRecord record = compare_circuits(made.scorer, circuits, families);
  EXPECT_THAT(record.circuits, ElementsAre("a", "b", "c"));
  EXPECT_THAT(record.families, ElementsAre("even", "odd"));
  EXPECT_THAT(record.full, ElementsAre(15, 15));
  EXPECT_THAT(record.empty, ElementsAre(0, 100));
  EXPECT_THAT(record.means[0], ElementsAre(14, 114));
  EXPECT_THAT(record.means[1], ElementsAre(14, 114));
  EXPECT_THAT(record.means[2], ElementsAre(testing::IsNan(), testing::IsNan()));
  EXPECT_EQ(made.asked.size(), 1u);
}

TEST(Transfer, PositionsOfACircuitMustBeNamedInTheFamily) {
  RunRecord run = small_run();
  run.granularity = Granularity::position;
  ComparedCircuit by_position{"a", subject_of(run, 0), {"S1", "end"}};
  ComparedFamily family{0, "even", {Ablation::mean, Positions::own}, {"S1", "end"}};
  EXPECT_TRUE(means_something(by_position, family));
  family.position_names = {"S1", "S2", "end"};
  EXPECT_FALSE(means_something(by_position, family));
  EXPECT_TRUE(means_something({"b", small_subject(), {"S1", "end"}}, family));
  family = {0, "even", {Ablation::mean, Positions::all}, {"S1", "end"}};
  EXPECT_FALSE(means_something(by_position, family));
}

}  // namespace
}  // namespace headsweep
