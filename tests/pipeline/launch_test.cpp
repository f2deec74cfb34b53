// How the environment says whether a process is one of several.
#include "pipeline/ranks/launch.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/errors.h"

namespace headsweep {
namespace {

/// None of a launcher's variables is set but those of the test, which are gone after it.
class LaunchTest : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }

  static void set(const char* name, const char* value) { setenv(name, value, 1); }

  static void expect(bool under_launcher, int rank, int ranks) {
    const Launch launch = find_launch();
    EXPECT_EQ(launch.under_launcher, under_launcher);
    EXPECT_EQ(launch.rank, rank);
    EXPECT_EQ(launch.ranks, ranks);
  }

 private:
  static void clear() {
    for (const char* name : {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE",
                             "PMIX_RANK", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"})
      unsetenv(name);
  }
};

TEST_F(LaunchTest, WithoutALauncherAProcessIsAlone) { expect(false, 0, 1); }

TEST_F(LaunchTest, MpirunSaysRankAndSize) {
  set("OMPI_COMM_WORLD_RANK", "3");
  set("OMPI_COMM_WORLD_SIZE", "8");
  expect(true, 3, 8);
}

TEST_F(LaunchTest, MpirunOfOneProcessIsALauncherToo) {
  set("OMPI_COMM_WORLD_RANK", "0");
  set("OMPI_COMM_WORLD_SIZE", "1");
  expect(true, 0, 1);
}

TEST_F(LaunchTest, OtherPmiLaunchersAreKnown) {
  set("PMI_RANK", "1");
  set("PMI_SIZE", "2");
  expect(true, 1, 2);
}

TEST_F(LaunchTest, SrunWithPmixSaysRankAndTasks) {
  set("PMIX_RANK", "2");
  set("SLURM_PROCID", "2");
  set("SLURM_STEP_NUM_TASKS", "4");
  expect(true, 2, 4);
}

TEST_F(LaunchTest, SrunWithoutPmixWouldRunTheJobManyTimesAndIsRefused) {
  set("SLURM_PROCID", "1");
  set("SLURM_STEP_NUM_TASKS", "4");
  EXPECT_THAT([] { find_launch(); },
              testing::ThrowsMessage<UserError>(testing::AllOf(
                  testing::HasSubstr("4 tasks"), testing::HasSubstr("srun --mpi=pmix"))));
}

TEST_F(LaunchTest, ABatchScriptOrSrunOfOneTaskIsAlone) {
  set("SLURM_PROCID", "0");
  expect(false, 0, 1);
  set("SLURM_STEP_NUM_TASKS", "1");
  expect(false, 0, 1);
}

TEST_F(LaunchTest, AVariableThatIsNoNumberSaysNothing) {
  set("OMPI_COMM_WORLD_RANK", "");
  set("PMI_RANK", "x1");
  set("PMIX_RANK", "-1");
  expect(false, 0, 1);
}

}  // namespace
}  // namespace headsweep
