#include <algorithm>

#include <gtest/gtest.h>

#include "kernels/cpu/processor.h"
#include "tests/kernels/devices.h"
#include "tests/near.h"

namespace headsweep {
namespace {

using Doubles = std::vector<double>;

struct RowOperations : EveryRung {};

INSTANTIATE_TEST_SUITE_P(Rungs, RowOperations, every_rung(),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(RowOperations, NumbersComeBackAsTheyWentOrRounded) {
  const Doubles values = reference::random_numbers(100, 1, 1e6);
  const Doubles got = host(device(values));
  EXPECT_TRUE(all_near(got, values, tolerance(0.04, 0)));
  EXPECT_EQ(host(device(got)), got);
}

TEST_P(RowOperations, AMatrixComesBackWithoutItsGaps) {
  const Numbers numbers = device(Doubles{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Matrix part = as_matrix(numbers, 3, 4).part_of_columns(1, 2).part_of_rows(1, 2);
  EXPECT_EQ(to_host(*backend, part), (Doubles{6, 7, 10, 11}));
}

TEST_P(RowOperations, LayerNormGivesTheReferencesRows) {
  for (const std::int64_t columns : {1, 7, 48, 1024}) {
    auto in = reference::random_numbers(5 * columns, 1);
    for (double& value : in) value += 3;  // a mean to take away
    for (const Doubles& scale : {Doubles(), reference::random_numbers(columns, 2)}) {
      const auto x = device(in);
      backend->layer_norm(as_matrix(x, 5, columns), device(scale), 1e-5, as_matrix(x, 5, columns));
      EXPECT_TRUE(all_near(host(x), reference::layer_norm(in, scale, 5, columns, 1e-5),
                           tolerance(2e-5, 1e-13)))
          << columns;
    }
  }
}

TEST_P(RowOperations, LayerNormOfAConstantRowIsZero) {
  const auto x = device(Doubles(64, 2.5));
  backend->layer_norm(as_matrix(x, 1, 64), {}, 1e-5, as_matrix(x, 1, 64));
  EXPECT_TRUE(all_near(host(x), Doubles(64, 0), tolerance(1e-6, 1e-12)));
}

TEST_P(RowOperations, RotationTurnsThePairsOfEachHeadByTheRowsPosition) {
  constexpr int heads = 3, d_head = 10, rows = 4;
  for (const std::int64_t turned : {2, 6, 10}) {
    const Doubles table = reference::random_numbers(5 * turned, 1),
                  in = reference::random_numbers(rows * heads * d_head, 2);
    const std::vector<int> position = {4, 0, 2, 2};
    const auto x = device(in), angles = device(table);
    const auto at = device<int>(position);
    backend->rotate(heads, as_matrix(angles, 5, turned), at.data(),
                    as_matrix(x, rows, heads * d_head));
    EXPECT_TRUE(all_near(host(x), reference::rotate(heads, d_head, table, turned, position, in),
                         tolerance(1e-6, 1e-15)))
        << turned;
  }
}

TEST_P(RowOperations, RotationLeavesTheColumnsBesideItsMatrixAlone) {
  const Doubles in = reference::random_numbers(2 * 9, 3);
  const auto x = device(in), angles = device(Doubles{0, 1});  // a right angle: (a, b) -> (-b, a)
  const auto at = device<int>({0, 0});
  const Doubles rounded = host(x);
  backend->rotate(2, as_matrix(angles, 1, 2), at.data(), as_matrix(x, 2, 9).part_of_columns(1, 6));
  Doubles expected = rounded;
  for (const std::size_t first : {1, 4, 10, 13}) {
    expected[first] = -rounded[first + 1];
    expected[first + 1] = rounded[first];
  }
  EXPECT_EQ(host(x), expected);
}

TEST_P(RowOperations, ReplacedHeadsComeFromTheirFillRow) {
  // Two rows of two heads of width two; `values` has three heads, of which 2 and 0 belong to the
  // rows' heads.
  const auto from = device(Doubles{1, 2, 3, 4, 5, 6, 7, 8});
  const auto values = device(Doubles{10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25});
  const auto row = device<int>({1, 0}), head = device<int>({2, 0});
  const auto keep = device<std::uint8_t>({1, 0, 0, 1});
  const auto to = numbers(8);
  backend->replace_heads({as_matrix(values, 2, 6), row.data(), head.data(), keep.data(), 2},
                         as_matrix(from, 2, 4), as_matrix(to, 2, 4));
  EXPECT_EQ(host(to), (Doubles{1, 2, 20, 21, 14, 15, 7, 8}));
}

TEST_P(RowOperations, AddedAndGatheredRowsAreTheIndexedOnes) {
  const auto values = device(Doubles{1, 2, 10, 20});
  const auto row = device<int>({1, 0, 1});
  const auto x = device(Doubles{0, 0, 1, 1, 2, 2});
  backend->add_rows(as_matrix(values, 2, 2), row.data(), as_matrix(x, 3, 2));
  EXPECT_EQ(host(x), (Doubles{10, 20, 2, 3, 12, 22}));
  const auto gathered = numbers(6);
  backend->gather_rows(as_matrix(values, 2, 2), row.data(), as_matrix(gathered, 3, 2));
  EXPECT_EQ(host(gathered), (Doubles{10, 20, 1, 2, 10, 20}));
}

TEST_P(RowOperations, DotsAreSummedInFloat64) {
  // In float32 the small terms would vanish beside the large ones.
  const auto a = device(Doubles{1e8, 1, 1, -1e8}), b = device(Doubles{1, 1, 1, 1});
  const auto out = allocate<double>(*backend, 1);
  backend->row_dots(as_matrix(a, 1, 4), as_matrix(b, 1, 4), out.data());
  EXPECT_EQ(to_host(*backend, out.data(), 1), Doubles{2.0});
}

TEST(CpuRungs, AreInOrderAndFloat32AndFloat64AmongThem) {
  const std::vector<Rung> rungs = cpu::available_rungs();
  EXPECT_TRUE(std::is_sorted(rungs.begin(), rungs.end()));
  for (const Rung rung : {Rung::fp32, Rung::fp64})
    EXPECT_EQ(std::count(rungs.begin(), rungs.end(), rung), 1) << name_of(rung);
}

TEST(CpuRungs, NameWhatTheirBitsDependOn) {
  const std::string processor = "cpu " + cpu::processor_level();
  for (const Products& products : cpu_products()) {
    const std::string kind = BackendTest(products).backend->info().kind;
    if (products.kind == cpu::ProductKind::portable)
      EXPECT_EQ(kind, processor + ", portable products");
    else if (products.rung == Rung::fp32 || products.rung == Rung::fp64)
      EXPECT_EQ(kind, processor);
    else
      EXPECT_EQ(kind.find(processor + ", "), 0u) << kind;
  }
}

}  // namespace
}  // namespace headsweep
