#include "pipeline/ranks/cores.h"

#include <initializer_list>
#include <vector>

#include <gtest/gtest.h>

namespace headsweep {
namespace {

cpu_set_t set_of(std::initializer_list<std::size_t> cores) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::size_t core : cores) CPU_SET(core, &set);
  return set;
}

TEST(OwnCores, AProcessAloneHasAllThatItMayUse) {
  const cpu_set_t mine = set_of({0, 3, 7});
  EXPECT_EQ(own_cores(mine, {&mine, 1}), 3);
}

TEST(OwnCores, ProcessesThatMayUseTheSameCoresShareThem) {
  const std::vector<cpu_set_t> all(3, set_of({0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(own_cores(all[0], all), 2);
}

TEST(OwnCores, ProcessesBoundToCoresOfTheirOwnKeepThem) {
  const std::vector<cpu_set_t> all = {set_of({0, 1}), set_of({2, 3, 4})};
  EXPECT_EQ(own_cores(all[0], all), 2);
  EXPECT_EQ(own_cores(all[1], all), 3);
}

TEST(OwnCores, MoreProcessesThanCoresHaveOneEach) {
  const std::vector<cpu_set_t> all(4, set_of({0, 1}));
  EXPECT_EQ(own_cores(all[0], all), 1);
}

TEST(UsableCores, AreAtLeastOne) {
  const cpu_set_t cores = usable_cores();
  EXPECT_GE(CPU_COUNT(&cores), 1);
}

}  // namespace
}  // namespace headsweep
