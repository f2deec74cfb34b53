#include <gtest/gtest.h>

#include "tests/kernels/cpu.h"
#include "tests/near.h"

namespace headsweep {
namespace {

using RowOperations = CpuTest;

TEST_F(RowOperations, LayerNormGivesTheReferencesRows) {
  for (const std::int64_t columns : {1, 7, 48, 1024}) {
    auto in = reference::random_values(5 * columns, 1);
    for (float& value : in) value += 3;  // a mean to take away
    const auto x = device(in);
    backend->layer_norm(as_matrix(x, 5, columns), 1e-5, as_matrix(x, 5, columns));
    EXPECT_TRUE(all_near(host(x), reference::layer_norm(in, 5, columns, 1e-5), 2e-5)) << columns;
  }
}

TEST_F(RowOperations, LayerNormOfAConstantRowIsZero) {
  const auto x = device(std::vector<float>(64, 2.5f));
  backend->layer_norm(as_matrix(x, 1, 64), 1e-5, as_matrix(x, 1, 64));
  EXPECT_TRUE(all_near(host(x), std::vector<float>(64, 0), 1e-6));
}

TEST_F(RowOperations, ReplacedHeadsComeFromTheirFillRow) {
  // Two rows of two heads of width two; `values` has three heads, of which 2 and 0 belong to the
  // rows' heads.
  const auto from = device<float>({1, 2, 3, 4, 5, 6, 7, 8});
  const auto values = device<float>({10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25});
  const auto row = device<int>({1, 0}), head = device<int>({2, 0});
  const auto keep = device<std::uint8_t>({1, 0, 0, 1});
  const auto to = allocate<float>(*backend, 8);
  backend->replace_heads({as_matrix(values, 2, 6), row.data(), head.data(), keep.data(), 2},
                         as_matrix(from, 2, 4), as_matrix(to, 2, 4));
  EXPECT_EQ(host(to), (std::vector<float>{1, 2, 20, 21, 14, 15, 7, 8}));
}

TEST_F(RowOperations, AddedAndGatheredRowsAreTheIndexedOnes) {
  const auto values = device<float>({1, 2, 10, 20});
  const auto row = device<int>({1, 0, 1});
  const auto x = device<float>({0, 0, 1, 1, 2, 2});
  backend->add_rows(as_matrix(values, 2, 2), row.data(), as_matrix(x, 3, 2));
  EXPECT_EQ(host(x), (std::vector<float>{10, 20, 2, 3, 12, 22}));
  const auto gathered = allocate<float>(*backend, 6);
  backend->gather_rows(as_matrix(values, 2, 2), row.data(), as_matrix(gathered, 3, 2));
  EXPECT_EQ(host(gathered), (std::vector<float>{10, 20, 1, 2, 10, 20}));
}

TEST_F(RowOperations, DotsAreSummedInFloat64) {
  // In float32 the small terms would vanish beside the large ones.
  const auto a = device<float>({1e8f, 1, 1, -1e8f}), b = device<float>({1, 1, 1, 1});
  const auto out = allocate<double>(*backend, 1);
  backend->row_dots(as_matrix(a, 1, 4), as_matrix(b, 1, 4), out.data());
  EXPECT_EQ(*out.data(), 2.0);
}

}  // namespace
}  // namespace headsweep
