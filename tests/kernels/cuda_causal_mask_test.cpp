// The mask of attention over long sequences on the emulated GPU.
#include <limits>

#include <gtest/gtest.h>

#include "kernels/cuda/causal_mask.h"
#include "tests/kernels/cuda.h"
#include "tests/reference.h"

namespace headsweep {
namespace {

using Doubles = std::vector<double>;

struct Scores {
  std::int64_t heads, queries, first_position, columns;

  std::int64_t rows() const { return heads * queries; }
};

template <class T>
struct CudaCausalMask : CudaTest {
  Doubles masked(const Scores& of, const Doubles& scores, Layout layout) const {
    const DeviceMatrix<T> matrix(*this, of.rows(), of.columns, layout, scores);
    cuda::hide_later_keys<T>(stream, matrix.matrix(), of.queries, of.first_position);
    return matrix.numbers(*this);
  }
};

using Elements = testing::Types<float, double>;
TYPED_TEST_SUITE(CudaCausalMask, Elements);

TYPED_TEST(CudaCausalMask, HidesTheKeysBehindEachHeadsQueriesAndNoOthers) {
  for (const Scores& of : {Scores{1, 1, 0, 1}, Scores{3, 7, 0, 8}, Scores{2, 5, 3, 12},
                           Scores{2, 1, 6, 8}, Scores{1, 2, 9, 11}, Scores{1, 3, 1500, 2052}}) {
    const auto scores = rounded<TypeParam>(reference::random_numbers(of.rows() * of.columns, 1));
    auto expected = scores;
    for (std::int64_t i = 0; i < of.rows() * of.columns; ++i)
      if (i % of.columns > of.first_position + i / of.columns % of.queries)
        expected[static_cast<std::size_t>(i)] = -std::numeric_limits<double>::infinity();
    const auto got =
        same_in_every_order([&](Layout layout) { return this->masked(of, scores, layout); });
    EXPECT_EQ(got, expected) << of.queries << " queries, " << of.columns << " columns";
  }
}

}  // namespace
}  // namespace headsweep
