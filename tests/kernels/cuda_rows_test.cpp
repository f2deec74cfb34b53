// Row-by-row CUDA kernels on the emulated GPU.
#include <gtest/gtest.h>

#include "kernels/cuda/rows.h"
#include "tests/kernels/cuda.h"
#include "tests/near.h"
#include "tests/reference.h"

namespace headsweep {
namespace {

using Doubles = std::vector<double>;

template <class T>
struct CudaRows : CudaTest {
  Doubles layer_norm(const Doubles& in, const Doubles& scale, std::int64_t rows, Layout layout) {
    const std::int64_t columns = static_cast<std::int64_t>(in.size()) / rows;
    const DeviceMatrix<T> x(*this, rows, columns, layout, in), out(*this, rows, columns, layout),
        factors(*this, 1, columns, layout, scale);
    cuda::layer_norm<T>(stream, x.matrix(), scale.empty() ? nullptr : factors.matrix().data, 1e-5,
                        out.matrix());
    return out.numbers(*this);
  }
  Doubles random(std::int64_t count, unsigned seed, double scale = 1) {
    return rounded<T>(reference::random_numbers(count, seed, scale));
  }
};

using Elements = testing::Types<float, double>;
TYPED_TEST_SUITE(CudaRows, Elements);

// A row is a warp's up to 1024 floats or 512 doubles, then a block's, of 128 and of 512 threads; at
// the end numbers that no thread holds.
TYPED_TEST(CudaRows, LayerNormGivesTheReferencesRows) {
  for (const std::int64_t columns : {1, 7, 20, 768, 1030, 4100, 16391}) {
    const std::int64_t rows = columns > 1024 ? 2 : 5;
    auto in = this->random(rows * columns, 1);
    for (double& value : in) value += 3;  // a mean to take away
    in = rounded<TypeParam>(in);
    for (const Doubles& scale : {Doubles(), this->random(columns, 2)}) {
      const auto got = same_in_every_order(
          [&](Layout layout) { return this->layer_norm(in, scale, rows, layout); });
      EXPECT_TRUE(all_near(got, reference::layer_norm(in, scale, rows, columns, 1e-5),
                           tolerance_of<TypeParam>(2e-5, 1e-13)))
          << columns;
    }
  }
}

TYPED_TEST(CudaRows, ARowsNormDoesNotDependOnTheOthers) {
  constexpr std::int64_t columns = 1030, rows = 6;
  const auto in = this->random(rows * columns, 1);
  const auto all = this->layer_norm(in, {}, rows, {});
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto begin = in.begin() + r * columns, expected = all.begin() + r * columns;
    EXPECT_EQ(this->layer_norm({begin, begin + columns}, {}, 1, {}),
              Doubles(expected, expected + columns));
  }
}

TYPED_TEST(CudaRows, LayerNormOfAConstantRowIsZeroAndCanBeInPlace) {
  const DeviceMatrix<TypeParam> x(*this, 1, 64, {}, Doubles(64, 2.5));
  cuda::layer_norm<TypeParam>(this->stream, x.matrix(), nullptr, 1e-5, x.matrix());
  EXPECT_TRUE(all_near(x.numbers(*this), Doubles(64, 0), 1e-6));
}

TYPED_TEST(CudaRows, ReplacedHeadsComeFromTheirFillRow) {
  const std::vector<int> row = {2, 0, 1, 2, 0}, head = {3, 0, 1};
  const std::vector<std::uint8_t> keep = {1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1, 0};
  const auto rows = this->device(row), heads = this->device(head);
  const auto kept = this->device(keep);
  for (const std::int64_t d_head : {1, 6, 20, 64}) {
    const auto from = this->random(5 * 3 * d_head, 1), values = this->random(3 * 4 * d_head, 2);
    const auto expected =
        reference::replace_heads(from, values, 4 * d_head, row, head, keep, d_head);
    const auto got = same_in_every_order([&](Layout layout) {
      const DeviceMatrix<TypeParam> source(*this, 5, 3 * d_head, layout, from),
          target(*this, 5, 3 * d_head, layout), fill(*this, 3, 4 * d_head, layout, values);
      const HeadFill wanted = {fill.matrix(), rows.data(), heads.data(), kept.data(), 3};
      cuda::replace_heads<TypeParam>(this->stream, wanted, source.matrix(), target.matrix());
      cuda::replace_heads<TypeParam>(this->stream, wanted, source.matrix(), source.matrix());
      EXPECT_EQ(source.numbers(*this), expected);  // in place
      return target.numbers(*this);
    });
    EXPECT_EQ(got, expected) << d_head;
  }
}

TYPED_TEST(CudaRows, AddedAndGatheredRowsAreTheIndexedOnes) {
  const std::vector<int> row = {2, 0, 2, 1, 1, 0};
  const auto indices = this->device(row);
  for (const std::int64_t columns : {1, 7, 20, 1600}) {
    const auto values = this->random(3 * columns, 1), x = this->random(6 * columns, 2);
    const auto expected = reference::gather_rows(values, row, columns);
    const auto gathered = same_in_every_order([&](Layout layout) {
      const DeviceMatrix<TypeParam> in(*this, 3, columns, layout, values),
          out(*this, 6, columns, layout);
      cuda::gather_rows<TypeParam>(this->stream, in.matrix(), indices.data(), out.matrix());
      return out.numbers(*this);
    });
    EXPECT_EQ(gathered, expected);
    auto sums = expected;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += x[i];
    const auto added = same_in_every_order([&](Layout layout) {
      const DeviceMatrix<TypeParam> in(*this, 3, columns, layout, values),
          out(*this, 6, columns, layout, x);
      cuda::add_rows<TypeParam>(this->stream, in.matrix(), indices.data(), out.matrix());
      return out.numbers(*this);
    });
    EXPECT_EQ(added, rounded<TypeParam>(sums));
  }
}

TYPED_TEST(CudaRows, DotsAreSummedInFloat64) {
  for (const std::int64_t columns : {1, 7, 20, 1024}) {
    const auto a = this->random(7 * columns, 1), b = this->random(7 * columns, 2);
    const auto got = same_in_every_order([&](Layout layout) {
      const DeviceMatrix<TypeParam> left(*this, 7, columns, layout, a),
          right(*this, 7, columns, layout, b);
      const auto out = this->template poisoned<double>(7);
      cuda::row_dots<TypeParam>(this->stream, left.matrix(), right.matrix(), out.data());
      return this->host(out);
    });
    EXPECT_TRUE(all_near(got, reference::row_dots(a, b, 7, columns), 1e-13)) << columns;
  }
}

}  // namespace
}  // namespace headsweep
