#include "pipeline/run_store.h"

#include <gtest/gtest.h>

namespace headsweep {
namespace {

TEST(RanksOfAllStarts, ANewNumberIsAppended) {
  EXPECT_EQ(ranks_of_all_starts("4", "2 on 2 hosts"), "4, then 2 on 2 hosts");
  EXPECT_EQ(ranks_of_all_starts("4, then 1", "4"), "4, then 1, then 4");
}

TEST(RanksOfAllStarts, TheSameNumberIsNotSaidTwice) {
  EXPECT_EQ(ranks_of_all_starts("4", "4"), "4");
  EXPECT_EQ(ranks_of_all_starts("1, then 4", "4"), "1, then 4");
}

TEST(RanksOfAllStarts, ANumberThatOnlyEndsInTheSameDigitIsAnother) {
  EXPECT_EQ(ranks_of_all_starts("14", "4"), "14, then 4");
}

}  // namespace
}  // namespace headsweep
