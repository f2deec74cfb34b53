// What plan says of a job on several ranks.
#include "pipeline/scaling/plan_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace headsweep {
namespace {

using testing::HasSubstr;

TEST(Layout, FamiliesComeFirstAndRanksThatAreLeftOverHelp) {
  EXPECT_EQ(describe_layout(1, 5, 0), "1 rank: one family after the other");
  EXPECT_EQ(describe_layout(4, 1, 0), "4 ranks: one leads the family, 3 help");
  EXPECT_THAT(describe_layout(4, 9, 0), HasSubstr("4 families at a time with 1 rank each"));
  EXPECT_THAT(describe_layout(8, 3, 0), HasSubstr("3 families at once with 2 or 3 ranks each"));
  EXPECT_THAT(describe_layout(6, 3, 0), HasSubstr("3 families at once with 2 ranks each"));
  EXPECT_EQ(describe_layout(6, 0, 0), "6 ranks: nothing is left to do");
}

TEST(Layout, GroupsOfAFixedSizeMayLeaveRanksOver) {
  EXPECT_THAT(describe_layout(8, 5, 3), HasSubstr("2 families at a time with 3 ranks each"));
  EXPECT_THAT(describe_layout(8, 5, 3), HasSubstr("2 would have nothing to do"));
  EXPECT_THAT(describe_layout(8, 5, 4), testing::Not(HasSubstr("nothing to do")));
  EXPECT_THAT(describe_layout(2, 1, 9), HasSubstr("1 family at a time with 2 ranks each"));
}

std::string line(int ranks, int ranks_per_node, double seconds, int threads = 0,
                 RankSeat seat = RankSeat::socket) {
  Job job;
  job.file = "jobs/my job's.yaml";
  job.run.threads = threads;
  return sbatch_line(job, {ranks, ranks_per_node, true}, seat, 32, seconds);
}

std::string line_for_gpus(int ranks, int ranks_per_node, int threads = 0) {
  return line(ranks, ranks_per_node, 60, threads, RankSeat::gpu);
}

TEST(SbatchLine, AsksForNodesTasksCoresAndTwiceTheTimeInTensOfMinutes) {
  EXPECT_EQ(line(8, 2, 31 * 60),
            "sbatch --nodes=4 --ntasks-per-node=2 --cpus-per-task=16 --time=1:10:00 "
            "slurm/cpu.sbatch 'jobs/my job'\\''s.yaml'");
  EXPECT_THAT(line(8, 4, 60), HasSubstr("--nodes=2 --ntasks-per-node=4 --ntasks-per-socket=2 "));
  EXPECT_THAT(line(8, 2, 30 * 60), HasSubstr("--time=1:00:00"));
  EXPECT_THAT(line(8, 2, 1), HasSubstr("--time=0:10:00"));
  EXPECT_THAT(line(8, 2, 1e6), HasSubstr("--time=555:40:00"));
}

TEST(SbatchLine, FewerRanksThanANodeTakesNeedOneNode) {
  EXPECT_THAT(line(3, 8, 60),
              HasSubstr("--nodes=1 --ntasks-per-node=3 --ntasks-per-socket=2 --cpus-per-task=10"));
}

TEST(SbatchLine, UnlessToldOtherwiseANodeHasARankForEachOfTwoSockets) {
  EXPECT_EQ(line(8, 0, 60), line(8, 2, 60));
}

TEST(SbatchLine, OnGpusEachRankHasOneAndTheGpuScriptRuns) {
  EXPECT_EQ(line_for_gpus(8, 0),
            "sbatch --ntasks=8 --gpus-per-task=1 --time=0:10:00 slurm/gpu.sbatch "
            "'jobs/my job'\\''s.yaml'");
  EXPECT_THAT(line_for_gpus(8, 4), HasSubstr(" --nodes=2 --ntasks-per-node=4 --gpus-per-task=1 "));
  EXPECT_THAT(line_for_gpus(8, 0, 5), HasSubstr(" --gpus-per-task=1 --cpus-per-task=5 "));
}

TEST(SbatchLine, TheJobsThreadsAreCores) {
  EXPECT_THAT(line(4, 2, 60, 5), HasSubstr("--cpus-per-task=5"));
}

}  // namespace
}  // namespace headsweep
