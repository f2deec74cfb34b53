#include "pipeline/family_memory.h"

#include <gmock/gmock.h>

#include "tests/complaints.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t giga = 1'000'000'000;

std::string complaint(const FamilyNeed& need, const MemoryShare& share) {
  return complaint_of([&] { check_that_it_fits("even", need, share); });
}

TEST(GpuMemory, SomeIsLeftToCuda) {
  EXPECT_EQ(share_of_gpu(1600, 1).bytes, 1500);
  EXPECT_EQ(share_of_gpu(3200, 2).bytes, 1500);
  EXPECT_EQ(share_of_gpu(80 * giga, 1).bytes, 80 * giga - (std::int64_t{512} << 20));
}

TEST(ProcessorMemory, IsWhatTheUserSaysOrHalfOfTheMachineInEqualParts) {
  EXPECT_EQ(share_of_processor(1.5, 4).bytes, 1'500'000'000);
  const std::int64_t half = share_of_processor(0, 1).bytes;
  EXPECT_GT(half, 0);
  EXPECT_EQ(share_of_processor(0, 4).bytes, half / 4);
}

TEST(FamilyMemory, WhatFitsIsNotRefused) {
  const FamilyNeed need{{1, 1}, {3 * giga, 2 * giga, giga}};
  EXPECT_EQ(complaint(need, {.of_gpu = true, .bytes = 8 * giga}), "");
}

TEST(FamilyMemory, WhatDoesNotFitIsSaidWithWhatHelps) {
  const FamilyNeed need{{0, 1}, {3 * giga, 2 * giga, giga}};
  EXPECT_THAT(complaint(need, {.of_gpu = true, .bytes = 4 * giga}),
              AllOf(HasSubstr("family 'even' needs 6.00 GB of a GPU's memory (weights 3.00 GB, the "
                              "family 3.00 GB), and 4.00 GB can be had: "),
                    Not(HasSubstr("share"))));
  EXPECT_THAT(complaint(need, {.of_gpu = true, .bytes = 4 * giga, .ranks = 2}),
              HasSubstr("(2 ranks share it)"));
  EXPECT_THAT(
      complaint(need, {.of_gpu = false, .bytes = 2 * giga}),
      AllOf(HasSubstr("needs 3.00 GB of a rank's memory even if it is run prompt by prompt, "
                      "and 2.00 GB can be had"),
            HasSubstr("run.family_memory_gb")));
}

}  // namespace
}  // namespace headsweep
