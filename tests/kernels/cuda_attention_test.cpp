// The CUDA attention kernels on the emulated GPU.
#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/rows.h"
#include "kernels/device_error.h"
#include "tests/kernels/cuda.h"
#include "tests/near.h"
#include "tests/reference.h"

namespace headsweep {
namespace {

using Doubles = std::vector<double>;

/// Sequences, their queries, keys and values.
struct Attended {
  std::vector<int> starts;
  int heads;
  std::int64_t d_head;
  Doubles q, k, v;

  std::int64_t width() const { return heads * d_head; }
  std::int64_t rows() const { return starts.back(); }
  int count() const { return static_cast<int>(starts.size()) - 1; }
  int longest() const {
    int most = 0;
    for (int s = 0; s < count(); ++s) most = std::max(most, starts[s + 1] - starts[s]);
    return most;
  }
  Doubles expected() const { return reference::attention(starts, heads, d_head, q, k, v); }
  /// Sequence `s` alone.
  Attended alone(int s) const {
    const auto part = [&](const Doubles& all) {
      return Doubles(all.begin() + starts[s] * width(), all.begin() + starts[s + 1] * width());
    };
    return {{0, starts[s + 1] - starts[s]}, heads, d_head, part(q), part(k), part(v)};
  }
  /// Of a number for every row: the last positions'.
  Doubles last_rows(const Doubles& all) const {
    std::vector<int> last;
    for (int s = 0; s < count(); ++s) last.push_back(starts[s + 1] - 1);
    return reference::gather_rows(all, last, width());
  }
};

template <class T>
Attended random_attended(const std::vector<int>& lengths, int heads, std::int64_t d_head) {
  std::vector<int> starts = {0};
  for (const int length : lengths) starts.push_back(starts.back() + length);
  const std::int64_t size = starts.back() * heads * d_head;
  const auto random = [&](unsigned seed, double scale) {
    return rounded<T>(reference::random_numbers(size, seed, scale));
  };
  return {starts, heads, d_head, random(1, 2), random(2, 2), random(3, 1)};
}

template <class T>
struct CudaAttention : CudaTest {
  CudaAttention() { cuda::prepare_attention(); }

  Doubles attend(const Attended& x, Layout layout, Queries queries = Queries::every_position,
                 const HeadFill& fill = {}) const {
    const bool last_only = queries == Queries::last_position;
    const std::int64_t query_rows = last_only ? x.count() : x.rows();
    const DeviceMatrix<T> q(*this, query_rows, x.width(), layout,
                            last_only ? x.last_rows(x.q) : x.q),
        k(*this, x.rows(), x.width(), layout, x.k), v(*this, x.rows(), x.width(), layout, x.v),
        z(*this, query_rows, x.width(), layout);
    const auto starts = device(x.starts);
    cuda::attention<T>(stream, {starts.data(), x.count(), x.longest()}, x.heads, queries,
                       q.matrix(), k.matrix(), v.matrix(), fill, z.matrix());
    return z.numbers(*this);
  }
};

using Elements = testing::Types<float, double>;
TYPED_TEST_SUITE(CudaAttention, Elements);

TYPED_TEST(CudaAttention, EveryPositionAttendsToItselfAndThoseBefore) {
  for (const std::int64_t d_head : {1, 20, 64, 80, 128, 256}) {
    const auto x = random_attended<TypeParam>({1, 6, 23, 41}, d_head > 100 ? 1 : 2, d_head);
    const auto got = same_in_every_order([&](Layout layout) { return this->attend(x, layout); });
    EXPECT_TRUE(all_near(got, x.expected(), tolerance_of<TypeParam>(2e-5, 1e-13))) << d_head;
  }
}

TYPED_TEST(CudaAttention, LongSequencesGoThroughManyTiles) {
  for (const auto& x :
       {random_attended<TypeParam>({200, 3}, 1, 20), random_attended<TypeParam>({1024}, 1, 4)})
    EXPECT_TRUE(all_near(this->attend(x, {}), x.expected(), tolerance_of<TypeParam>(2e-5, 1e-13)));
}

TYPED_TEST(CudaAttention, LastPositionsHaveTheBitsOfTheWhole) {
  for (const std::int64_t d_head : {20, 64}) {
    const auto x = random_attended<TypeParam>({1, 6, 8, 9, 33, 70}, 3, d_head);
    const auto last = same_in_every_order(
        [&](Layout layout) { return this->attend(x, layout, Queries::last_position); });
    EXPECT_EQ(last, x.last_rows(this->attend(x, {})));
  }
}

TYPED_TEST(CudaAttention, ASequencesBitsDoNotDependOnTheOthers) {
  const auto x = random_attended<TypeParam>({6, 1, 70, 6, 32}, 2, 64);
  const auto all = this->attend(x, {});
  for (int s = 0; s < x.count(); ++s)
    EXPECT_EQ(this->attend(x.alone(s), {}), Doubles(all.begin() + x.starts[s] * x.width(),
                                                    all.begin() + x.starts[s + 1] * x.width()));
}

TYPED_TEST(CudaAttention, LaterPositionsAreNotSeen) {
  auto x = random_attended<TypeParam>({40, 6}, 1, 20);
  const auto before = this->attend(x, {});
  for (const int row : {39, 45})  // the last of each sequence
    for (std::int64_t i = 0; i < x.width(); ++i)
      x.k[row * x.width() + i] = x.v[row * x.width() + i] =
          std::numeric_limits<double>::quiet_NaN();
  const auto after = this->attend(x, {});
  for (int row = 0; row < 45; ++row) {
    if (row == 39) continue;
    for (std::int64_t i = row * x.width(); i < (row + 1) * x.width(); ++i)
      ASSERT_EQ(after[i], before[i]) << row;
  }
  EXPECT_TRUE(std::isnan(after.back()));
}

TYPED_TEST(CudaAttention, LargeScoresDoNotOverflow) {
  auto x = random_attended<TypeParam>({40}, 1, 64);
  for (double& value : x.q) value *= 1000;
  for (double& value : x.k) value *= 1000;
  for (const double value : this->attend(x, {})) ASSERT_LE(std::abs(value), 1.0001);
}

TYPED_TEST(CudaAttention, FilledHeadsAreThoseThatAreReplacedAfterwards) {
  for (const std::int64_t d_head : {6, 64}) {
    const auto x = random_attended<TypeParam>({1, 6, 40}, 3, d_head);
    const std::vector<int> head = {3, 0, 2};
    for (const Queries queries : {Queries::every_position, Queries::last_position}) {
      const std::int64_t rows = queries == Queries::every_position ? x.rows() : x.count();
      std::vector<int> row;
      std::vector<std::uint8_t> keep;
      for (std::int64_t r = 0; r < rows; ++r) {
        row.push_back(static_cast<int>(r % 2));
        // The sequence of six has nothing to keep in its first head, and everything in its second.
        for (int h = 0; h < 3; ++h)
          keep.push_back(r >= 1 && r < 7 && h < 2 ? h : (r * 3 + h) % 4 != 0);
      }
      const auto values = rounded<TypeParam>(reference::random_numbers(2 * 4 * d_head, 9));
      const auto rows_of_fill = this->device(row), heads = this->device(head);
      const auto kept = this->device(keep);
      const auto got = same_in_every_order([&](Layout layout) {
        const DeviceMatrix<TypeParam> fill(*this, 2, 4 * d_head, layout, values);
        return this->attend(x, layout, queries,
                            {fill.matrix(), rows_of_fill.data(), heads.data(), kept.data(), 3});
      });
      EXPECT_EQ(got, reference::replace_heads(this->attend(x, {}, queries), values, 4 * d_head, row,
                                              head, keep, d_head));
    }
  }
}

TYPED_TEST(CudaAttention, TooWideHeadsAreRefused) {
  const auto x = random_attended<TypeParam>({2}, 1, cuda::most_d_head + 1);
  EXPECT_THROW(this->attend(x, {}), DeviceError);
}

}  // namespace
}  // namespace headsweep
