// The mask of attention over long sequences on the emulated GPU.
#include <limits>

#include <gtest/gtest.h>

#include "kernels/cuda/causal_mask.h"
#include "tests/kernels/cuda.h"
#include "tests/reference.h"

namespace headsweep {
namespace {

using Doubles = std::vector<double>;

template <class T>
struct CudaCausalMask : CudaTest {
  Doubles masked(const Doubles& scores, std::int64_t columns, std::int64_t queries,
                 std::int64_t first_position, Layout layout) const {
    const auto rows = static_cast<std::int64_t>(scores.size()) / columns;
    const DeviceMatrix<T> matrix(*this, rows, columns, layout, scores);
    cuda::hide_later_keys<T>(stream, matrix.matrix(), queries, first_position);
    return matrix.numbers(*this);
  }
};

using Elements = testing::Types<float, double>;
TYPED_TEST_SUITE(CudaCausalMask, Elements);

TYPED_TEST(CudaCausalMask, HidesTheKeysBehindEachHeadsQueriesAndNoOthers) {
  struct Case {
    std::int64_t heads, queries, first_position, columns;
  };
  for (const auto& [heads, queries, first_position, columns] :
       {Case{1, 1, 0, 1}, Case{3, 7, 0, 8}, Case{2, 5, 3, 12}, Case{2, 1, 6, 8}, Case{1, 2, 9, 11},
        Case{1, 3, 1500, 2052}}) {
    const auto scores = rounded<TypeParam>(reference::random_numbers(heads * queries * columns, 1));
    auto expected = scores;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(expected.size()); ++i)
      if (i % columns > first_position + i / columns % queries)
        expected[static_cast<std::size_t>(i)] = -std::numeric_limits<double>::infinity();
    const auto got = same_in_every_order([&](Layout layout) {
      return this->masked(scores, columns, queries, first_position, layout);
    });
    EXPECT_EQ(got, expected) << queries << " queries, " << columns << " columns";
  }
}

}  // namespace
}  // namespace headsweep
