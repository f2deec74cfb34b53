// Which runs a job makes, and what they are called.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/job.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

const std::string two_families =
    "model: {path: m}\n"
    "families:\n"
    "- {name: even, generate: {sequence: arithmetic, step: 2}, corrupt: [repeat_last, shuffle]}\n"
    "- {name: own, file: own.json}\n";

const std::string seeded_families =
    "model: {path: m}\n"
    "families:\n"
    "- name: even\n"
    "  generate: {sequence: arithmetic}\n"
    "  corrupt: [repeat_last, {rule: random_items, seed: [1, 2]}, {rule: shuffle, seed: 3}]\n"
    "- name: names\n"
    "  generate: {sequence: arithmetic, length: 4}\n"
    "  sentences: {templates: ['{noun} is {item}.'], fillers: {noun: [A, B, C, D, E]}, seed: [5, "
    "6]}\n"
    "  corrupt: repeat_last\n";

class Sweep : public testing::Test {
 protected:
  Job read(const std::string& yaml) { return read_job(folder_.write("job.yaml", yaml)); }

  std::vector<std::string> names(const std::string& yaml) {
    const Job job = read(yaml);
    std::vector<std::string> names;
    for (const RunSpec& run : runs_of(job)) names.push_back(run_name(job, run));
    return names;
  }

  std::string error(const std::string& yaml) {
    return complaint_from("job.yaml", [&] { read(yaml); });
  }

  TemporaryFolder folder_;
};

TEST_F(Sweep, NamesSayWhatDiffersFromTheDefaults) {
  EXPECT_THAT(names(two_families),
              ElementsAre("even.repeat_last.T3", "even.shuffle.T3", "own.file.T3"));
  EXPECT_THAT(names(two_families + "search: {order: forward, ablation: zero, threshold: 0.5}\n"),
              ElementsAre("even.repeat_last.T0.5.forward.zero", "even.shuffle.T0.5.forward.zero",
                          "own.file.T0.5.forward.zero"));
}

TEST_F(Sweep, MakesARunOfEachCombinationThoseThatShareScoresTogether) {
  const Job job = read(two_families +
                       "search: {order: [backward, importance], ablation: [zero, mean],\n"
                       "         threshold: [3, 10]}\n");
  const auto runs = runs_of(job);
  ASSERT_EQ(runs.size(), 3u * 2 * 2 * 2);
  EXPECT_EQ(runs[0], (RunSpec{0, 3, Order::backward, Ablation::zero}));
  EXPECT_EQ(runs[1], (RunSpec{0, 10, Order::backward, Ablation::zero}));
  EXPECT_EQ(runs[2], (RunSpec{0, 3, Order::importance, Ablation::zero}));
  EXPECT_EQ(runs[4], (RunSpec{0, 3, Order::backward, Ablation::mean}));
  EXPECT_EQ(runs[8], (RunSpec{1, 3, Order::backward, Ablation::zero}));
  EXPECT_THAT(
      ablated_families_of(job),
      ElementsAre(AblatedFamilySpec{0, Ablation::zero}, AblatedFamilySpec{0, Ablation::mean},
                  AblatedFamilySpec{1, Ablation::zero}, AblatedFamilySpec{1, Ablation::mean},
                  AblatedFamilySpec{2, Ablation::zero}, AblatedFamilySpec{2, Ablation::mean}));
}

TEST_F(Sweep, ResamplesFollowTheRunThatTheyBelongTo) {
  const std::string yaml = two_families + "search: {resample_prompts: 2, resample_seed: 7}\n";
  EXPECT_THAT(names(yaml),
              ElementsAre("even.repeat_last.T3", "even.repeat_last.T3.r1", "even.repeat_last.T3.r2",
                          "even.shuffle.T3", "even.shuffle.T3.r1", "even.shuffle.T3.r2",
                          "own.file.T3", "own.file.T3.r1", "own.file.T3.r2"));
  const Job job = read(yaml);
  EXPECT_EQ(resample_text(job, runs_of(job)[0]), "");
  EXPECT_EQ(resample_text(job, runs_of(job)[2]), "2 of seed 7");
}

TEST_F(Sweep, SeedsGivenAsAListAreNamed) {
  EXPECT_THAT(
      names(seeded_families),
      ElementsAre("even.repeat_last.T3", "even.random_items-s1.T3", "even.random_items-s2.T3",
                  "even.shuffle.T3", "names-s5.repeat_last.T3", "names-s6.repeat_last.T3"));
  const Job job = read(seeded_families);
  EXPECT_EQ(job.families[2].corruption.seed, 2);
  EXPECT_EQ(job.families[3].corruption.seed, 3);
  EXPECT_EQ(job.families[5].sentences->seed, 6);
}

TEST_F(Sweep, SeedsThatWouldHaveOneNameAreRefused) {
  const std::string start =
      "model: {path: m}\nfamilies:\n- name: a\n  generate: {sequence: arithmetic}\n  corrupt: ";
  EXPECT_THAT(error(start + "[{rule: shuffle, seed: 1}, {rule: shuffle, seed: 2}]\n"),
              AllOf(HasSubstr("job.yaml:5: families.0.corrupt.1: 'shuffle' is in the list already"),
                    EndsWith("give its seeds as one list, as in seed: [1, 2]")));
  EXPECT_EQ(error(start + "{rule: shuffle, seed: [1, 1]}\n"),
            "job.yaml:5: families.0.corrupt.seed.1: 1 is in the list already; remove it");
  EXPECT_EQ(error(start + "{rule: shuffle, seed: []}\n"),
            "job.yaml:5: families.0.corrupt.seed: is an empty list; name a seed");
  EXPECT_THAT(error(seeded_families + "- {name: names-s6, file: x.json}\n"),
              HasSubstr("job.yaml:10: families.2.name: 'names-s6' names a family already"));
}

TEST_F(Sweep, IncludesAndExcludesByWhatARunIs) {
  const std::string search = "search: {order: [backward, forward], threshold: [3, 10]}\n";
  EXPECT_THAT(names(two_families + search + "sweep: {include: [{family: own, order: forward}]}\n"),
              ElementsAre("own.file.T3.forward", "own.file.T10.forward"));
  EXPECT_THAT(
      names(two_families + search +
            "sweep:\n"
            "  include: [{corruption: [shuffle, file], threshold: 3}]\n"
            "  exclude: [{family: even, order: forward}, {family: own, order: backward}]\n"),
      ElementsAre("even.shuffle.T3", "own.file.T3.forward"));
  EXPECT_THAT(names(two_families + "search: {ablation: [mean, zero]}\n"
                                   "sweep: {exclude: [{ablation: mean}, {corruption: shuffle}]}\n"),
              ElementsAre("even.repeat_last.T3.zero", "own.file.T3.zero"));
}

TEST_F(Sweep, SelectsBySeedAndByTheNameWithoutIt) {
  EXPECT_THAT(names(seeded_families + "sweep: {include: [{seed: 2}, {seed: 5}]}\n"),
              ElementsAre("even.random_items-s2.T3", "names-s5.repeat_last.T3"));
  EXPECT_THAT(names(seeded_families + "sweep: {include: [{family: names}]}\n"),
              ElementsAre("names-s5.repeat_last.T3", "names-s6.repeat_last.T3"));
  EXPECT_THAT(names(seeded_families + "sweep: {exclude: [{family: names-s5}, {corruption: "
                                      "random_items}, {corruption: shuffle}]}\n"),
              ElementsAre("even.repeat_last.T3", "names-s6.repeat_last.T3"));
}

TEST_F(Sweep, AFamilyWithoutRunsHasNoPartInTheWork) {
  const Job job = read(two_families + "sweep: {exclude: [{family: even}]}\n");
  EXPECT_THAT(ablated_families_of(job), ElementsAre(AblatedFamilySpec{2, Ablation::mean}));
}

TEST_F(Sweep, WhatIsAboutNoRunIsAnErrorThatNamesWhatThereIs) {
  const auto sweep = [&](const std::string& entry) {
    return error(two_families + "search: {threshold: [3, 10]}\nsweep:\n  exclude:\n  - {" + entry +
                 "}\n");
  };
  EXPECT_EQ(sweep("family: evn"),
            "job.yaml:8: sweep.exclude.0.family: 'evn' is not one of: even, own (did you mean "
            "'even'?)");
  EXPECT_EQ(sweep("corruption: repeat_all"),
            "job.yaml:8: sweep.exclude.0.corruption: 'repeat_all' is not one of: repeat_last, "
            "shuffle, file (did you mean 'repeat_last'?)");
  EXPECT_EQ(sweep("threshold: 5"),
            "job.yaml:8: sweep.exclude.0.threshold: the job has no 5; it has 3, 10");
  EXPECT_EQ(sweep("order: forward"),
            "job.yaml:8: sweep.exclude.0.order: 'forward' is not one of: backward");
  EXPECT_THAT(sweep("ablation: zero"), HasSubstr("'zero' is not one of: mean"));
  EXPECT_EQ(sweep("seed: 4"), "job.yaml:8: sweep.exclude.0.seed: the job has no 4; it has 0");
  EXPECT_THAT(sweep("family: own, corruption: shuffle"),
              HasSubstr("job.yaml:8: sweep.exclude.0: is about no run"));
  EXPECT_THAT(sweep("famly: own"), HasSubstr("did you mean 'family'?"));
  EXPECT_THAT(sweep(""), HasSubstr("says nothing of what it is about"));
  EXPECT_THAT(error(two_families + "sweep: {exclude: [{family: [even, own]}]}\n"),
              HasSubstr("job.yaml:5: sweep: leaves none of the job's 3 runs"));
  EXPECT_THAT(error(two_families + "sweep: {include: []}\n"), HasSubstr("is an empty list"));
}

TEST_F(Sweep, OrdersAreHeldAgainstTheRestOneByOne) {
  EXPECT_THAT(error(two_families + "search: {order: [backward, importance], components: mlps}\n"),
              HasSubstr("'importance' ranks heads"));
  EXPECT_EQ(error(two_families + "search: {order: [forward, forward]}\n"),
            "job.yaml:5: search.order.1: forward is in the list already; remove it");
  EXPECT_THAT(error(two_families + "search: {ablation: []}\n"),
              HasSubstr("job.yaml:5: search.ablation: is an empty list; name one or several of"));
}

TEST_F(Sweep, MoreRunsThanAnybodyCanWantAreRefused) {
  EXPECT_THAT(error(two_families + "search: {resample_prompts: 10001}\n"),
              HasSubstr("search.resample_prompts: "));
  std::string many = "search: {resample_prompts: 10000, threshold: [";
  for (int threshold = 1; threshold <= 7; ++threshold) many += std::to_string(threshold) + ", ";
  EXPECT_THAT(error(two_families + many + "8]}\n"), HasSubstr("makes 240024 runs"));
}

TEST_F(Sweep, ListsThatNobodyCanWantAreRefusedBeforeTheyAreMultiplied) {
  std::string thresholds = "1";
  for (int i = 2; i <= 10'000; ++i) thresholds += "," + std::to_string(i);
  EXPECT_THAT(error(two_families + "search: {resample_prompts: 10000, threshold: [" + thresholds +
                    "], order: [backward, forward, alternate], ablation: [mean, zero]}\n"),
              HasSubstr("makes 1800180000 runs"));
  EXPECT_THAT(error(two_families + "search: {threshold: [" + thresholds + ",0]}\n"),
              HasSubstr("search.threshold: lists more than 10000 values"));
  EXPECT_THAT(error("model: {path: m}\nfamilies: [{name: a, generate: {sequence: arithmetic}, "
                    "corrupt: [{rule: shuffle, "
                    "seed: [" +
                    thresholds + "]}, repeat_last]}]\n"),
              HasSubstr("has 10001 combinations of seeds and corruptions"));
}

TEST_F(Sweep, TheResolvedJobMakesTheSameRuns) {
  for (const std::string& yaml :
       {seeded_families + "search: {order: [alternate, forward], ablation: [zero, resample],\n"
                          "         resample_prompts: 2, resample_seed: 4}\n"
                          "sweep:\n"
                          "  include: [{family: names, seed: 6}, {corruption: random_items, order: "
                          "forward}]\n"
                          "  exclude: [{ablation: zero, threshold: 3, seed: 1}]\n",
        seeded_families}) {
    const Job job = read(yaml), again = read(resolved_job(job));
    EXPECT_EQ(runs_of(again), runs_of(job));
    for (const RunSpec& run : runs_of(job)) EXPECT_EQ(run_name(again, run), run_name(job, run));
    EXPECT_EQ(again.search.resample_seed, job.search.resample_seed);
    EXPECT_EQ(resolved_job(again), resolved_job(job));
  }
}

}  // namespace
}  // namespace headsweep
