// Attention by cuBLASLt and cuDNN, and beside the own kernel's, on the emulated GPU.
#include <algorithm>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/cuda/attention_times.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/mixed_attention.h"
#include "kernels/device_error.h"
#include "tests/cuda_emulation/emulation.h"
#include "tests/near.h"
#include "tests/reference.h"

namespace headsweep {
namespace {

using Doubles = std::vector<double>;
using cuda::MixedAttention;

constexpr int every_length = 1, no_length = std::numeric_limits<int>::max();

/// Sequences, their queries, keys and values.
struct Attended {
  std::vector<int> starts = {0};
  int heads;
  std::int64_t d_head, width;
  Doubles q, k, v;

  Attended(const std::vector<int>& lengths, int head_count, std::int64_t columns)
      : heads(head_count), d_head(columns), width(head_count * columns) {
    for (const int length : lengths) starts.push_back(starts.back() + length);
    q = reference::random_numbers(rows() * width, 1, 2);
    k = reference::random_numbers(rows() * width, 2, 2);
    v = reference::random_numbers(rows() * width, 3, 1);
  }
  std::int64_t rows() const { return starts.back(); }
  int count() const { return static_cast<int>(starts.size()) - 1; }
  Doubles rows_of(const Doubles& all, int s) const {
    return {all.begin() + starts[s] * width, all.begin() + starts[s + 1] * width};
  }
  Attended alone(int s) const {
    Attended one({starts[s + 1] - starts[s]}, heads, d_head);
    one.q = rows_of(q, s);
    one.k = rows_of(k, s);
    one.v = rows_of(v, s);
    return one;
  }
  Doubles last_rows(const Doubles& all) const {
    std::vector<int> last;
    for (int s = 0; s < count(); ++s) last.push_back(starts[s + 1] - 1);
    return reference::gather_rows(all, last, width);
  }
  Doubles expected() const { return reference::attention(starts, heads, d_head, q, k, v); }
};

class LongAttention : public testing::TestWithParam<Rung> {
 protected:
  // One device for all tests: the emulation fills its memory with NaN, which takes longer than they
  // do.
  static void SetUpTestSuite() { opened = cuda::Device::open(0, 0); }
  static void TearDownTestSuite() { opened.reset(); }
  ~LongAttention() override {
    EXPECT_EQ(emulation::faults(), "");
    emulation::reset();
  }
  double tolerance() const { return GetParam() == Rung::fp64 ? 1e-13 : 2e-5; }

  Numbers there(const Doubles& values) const { return to_device(*backend, values); }

  /// Sequences of so many rows or more go the long way.
  Doubles attend(int long_from, const Attended& x, Queries queries = Queries::every_position,
                 const HeadFill& fill = {}) const {
    MixedAttention attention(device, backend->element(), long_from);
    return attend(attention, x, queries, fill);
  }
  Doubles attend(MixedAttention& attention, const Attended& x, Queries queries,
                 const HeadFill& fill) const {
    const bool last_only = queries == Queries::last_position;
    const std::int64_t asking = last_only ? x.count() : x.rows();
    int longest = 0;
    for (int s = 0; s < x.count(); ++s) longest = std::max(longest, x.starts[s + 1] - x.starts[s]);
    const auto starts = to_device(*backend, std::span<const int>(x.starts));
    const Numbers q = there(last_only ? x.last_rows(x.q) : x.q), k = there(x.k), v = there(x.v),
                  z = there(Doubles(static_cast<std::size_t>(asking * x.width), 77));
    attention.add({starts.data(), x.count(), longest, x.starts.data()}, x.heads, queries,
                  as_matrix(q, asking, x.width), as_matrix(k, x.rows(), x.width),
                  as_matrix(v, x.rows(), x.width), fill, as_matrix(z, asking, x.width));
    return to_host(*backend, z);
  }

  std::unique_ptr<Backend> backend = cuda::make_backend(0, GetParam(), 0);
  std::shared_ptr<cuda::Device> device = cuda::Device::open(0, 0);

 private:
  static inline std::shared_ptr<cuda::Device> opened;
};

INSTANTIATE_TEST_SUITE_P(Rungs, LongAttention, testing::Values(Rung::fp32, Rung::fp64),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(LongAttention, EveryPositionAttendsToItselfAndThoseBefore) {
  for (const std::int64_t d_head : {1, 7, 20, 64, 260})
    for (const int heads : {1, 3}) {
      const Attended x({1, 6, 23, 41, 64}, heads, d_head);
      EXPECT_TRUE(all_near(attend(every_length, x), x.expected(), 2 * tolerance()))
          << heads << " heads of " << d_head;
    }
}

TEST_P(LongAttention, ReadsPartsOfWiderRows) {
  // q, k and v side by side, as a product leaves them.
  const Attended x({9, 30}, 2, 20);
  const std::int64_t rows = x.rows(), width = x.width;
  Doubles side_by_side;
  for (std::int64_t r = 0; r < rows; ++r)
    for (const Doubles* each : {&x.q, &x.k, &x.v})
      side_by_side.insert(side_by_side.end(), each->begin() + r * width,
                          each->begin() + (r + 1) * width);
  const Numbers numbers = there(side_by_side),
                outputs = there(Doubles(static_cast<std::size_t>(rows * (width + row_gap)), 77));
  const Matrix qkv = as_matrix(numbers, rows, 3 * width),
               z = as_spaced_matrix(outputs, rows, width);
  const auto starts = to_device(*backend, std::span<const int>(x.starts));
  MixedAttention attention(device, backend->element(), every_length);
  attention.add({starts.data(), x.count(), 30, x.starts.data()}, x.heads, Queries::every_position,
                qkv.part_of_columns(0, width), qkv.part_of_columns(width, width),
                qkv.part_of_columns(2 * width, width), {}, z);
  EXPECT_TRUE(all_near(to_host(*backend, z), x.expected(), tolerance()));
  // What lies between z's rows is not touched.
  const Matrix gap{z.data + width * bytes_of(z.element), rows, row_gap, z.stride, z.element};
  EXPECT_EQ(to_host(*backend, gap), Doubles(static_cast<std::size_t>(rows * row_gap), 77));
}

TEST_P(LongAttention, LastPositionsHaveTheBitsOfTheWhole) {
  const Attended x({1, 8, 33, 70}, 3, 20);
  EXPECT_EQ(attend(every_length, x, Queries::last_position), x.last_rows(attend(every_length, x)));
}

TEST_P(LongAttention, ASequencesBitsDoNotDependOnTheOthers) {
  // The crossover lies between them: 31 and 6 are short.
  const Attended x({32, 31, 70, 6, 33, 32}, 2, 20);
  for (const Queries queries : {Queries::every_position, Queries::last_position}) {
    const Doubles all = attend(32, x, queries);
    for (int s = 0; s < x.count(); ++s) {
      const bool last_only = queries == Queries::last_position;
      const auto first = all.begin() + (last_only ? s : x.starts[s]) * x.width;
      const auto rows = last_only ? 1 : x.starts[s + 1] - x.starts[s];
      EXPECT_EQ(attend(32, x.alone(s), queries), Doubles(first, first + rows * x.width)) << s;
    }
    EXPECT_NE(all, attend(no_length, x, queries));  // whose sums have another order
  }
}

TEST_P(LongAttention, ShortSequencesBesideLongOnesHaveTheOwnKernelsBits) {
  const Attended x({5, 40, 12}, 2, 20);
  const Doubles mixed = attend(32, x), own = attend(no_length, x), libraries = attend(1, x);
  EXPECT_EQ(x.rows_of(mixed, 0), x.rows_of(own, 0));
  EXPECT_EQ(x.rows_of(mixed, 1), x.rows_of(libraries, 1));
  EXPECT_EQ(x.rows_of(mixed, 2), x.rows_of(own, 2));
}

TEST_P(LongAttention, FilledHeadsHaveTheFillsValuesAndTheOthersTheirOwnBits) {
  const Attended x({40, 6, 33}, 3, 20);
  const Doubles values = reference::random_numbers(2 * 4 * x.d_head, 9);
  const Numbers fills = there(values);
  const std::vector<int> head = {3, 0, 2};
  const auto heads = to_device(*backend, std::span<const int>(head));
  for (const Queries queries : {Queries::every_position, Queries::last_position}) {
    const std::int64_t asking = queries == Queries::every_position ? x.rows() : x.count();
    std::vector<int> row;
    std::vector<std::uint8_t> keep;
    for (int r = 0; r < asking; ++r) {
      row.push_back(r % 2);
      for (int h = 0; h < 3; ++h) keep.push_back((r * 3 + h) % 4 != 0);
    }
    const auto rows = to_device(*backend, std::span<const int>(row));
    const auto kept = to_device(*backend, std::span<const std::uint8_t>(keep));
    const HeadFill fill{as_matrix(fills, 2, 4 * x.d_head), rows.data(), heads.data(), kept.data(),
                        3};
    EXPECT_EQ(attend(32, x, queries, fill),
              reference::replace_heads(attend(32, x, queries), to_host(*backend, fills),
                                       4 * x.d_head, row, head, keep, x.d_head));
  }
}

TEST_P(LongAttention, LaterPositionsDoNotMatter) {
  Attended x({40}, 1, 20);
  const Doubles before = attend(every_length, x);
  for (std::int64_t i = 39 * x.width; i < 40 * x.width; ++i)
    x.k[static_cast<std::size_t>(i)] = x.v[static_cast<std::size_t>(i)] = 1e30;
  const Doubles after = attend(every_length, x);
  EXPECT_EQ(Doubles(after.begin(), after.begin() + 39 * x.width),
            Doubles(before.begin(), before.begin() + 39 * x.width));
}

TEST_P(LongAttention, LargeScoresDoNotOverflow) {
  Attended x({40}, 1, 64);
  for (double& value : x.q) value *= 1000;
  for (double& value : x.k) value *= 1000;
  for (const double value : attend(every_length, x)) ASSERT_LE(std::abs(value), 1.0001);
}

TEST_P(LongAttention, TheWorkspaceDecidesHowManyHeadsAndQueriesAtOnceButNoBits) {
  const Attended x({37}, 5, 20);
  const Numbers q = there(x.q), k = there(x.k), v = there(x.v),
                z = allocate_numbers(*backend, x.rows() * x.width);
  const std::int64_t head_bytes =
      2 * x.rows() * cuda::score_stride(37, backend->element()) * bytes_of(backend->element());
  struct Room {
    std::int64_t bytes;
    long parts;  // that it takes
  };
  Doubles of_all_heads;
  for (const auto& [bytes, parts] : {Room{5 * head_bytes, 1}, Room{2 * head_bytes, 3},
                                     // 12, 12, 12 and 1 queries of each head
                                     Room{head_bytes / 3, 5 * 4}, Room{1, 5 * 37}}) {
    cuda::LongAttention attention(device, backend->element(), bytes);
    const auto matrix = [&](const Numbers& numbers) {
      return as_matrix(numbers, x.rows(), x.width);
    };
    const long products = emulation::counters().products;
    attention.add(x.heads, matrix(q), matrix(k), matrix(v), matrix(z));
    const Doubles got = to_host(*backend, z);
    EXPECT_EQ(emulation::counters().products - products, 2 * parts) << bytes;
    if (of_all_heads.empty()) of_all_heads = got;
    EXPECT_EQ(got, of_all_heads) << bytes;
  }
}

TEST_P(LongAttention, IsRecordedInAGraphAndDoesTheSame) {
  const Attended x({33, 34, 4}, 2, 20);
  MixedAttention attention(device, backend->element(), 32);
  const Doubles first = attend(attention, x, Queries::every_position, {});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(attend(attention, x, Queries::every_position, {}), first);
  EXPECT_GT(emulation::counters().graph_launches, 0);
}

TEST(LongAttentionThatFails, SaysInWhichLibrary) {
  const auto backend = cuda::make_backend(0, Rung::fp32, 0);
  MixedAttention attention(cuda::Device::open(0, 0), Element::float32, every_length);
  const std::vector<int> starts = {0, 2};
  const Numbers numbers = to_device(*backend, Doubles(8, 0.5));
  const auto device_starts = to_device(*backend, std::span<const int>(starts));
  const Matrix x = as_matrix(numbers, 2, 4);
  attention.add({device_starts.data(), 1, 2, starts.data()}, 1, Queries::every_position, x, x, x,
                {}, x);
  emulation::fail_next("cudnnSoftmaxForward", cudaErrorUnknown);
  EXPECT_THAT([&] { backend->wait(); },
              testing::ThrowsMessage<DeviceError>(testing::HasSubstr("cuDNN: ")));
}

TEST(AttentionTimes, AreTakenByEitherWay) {
  const long products = emulation::counters().products;
  const AttentionTimes times = cuda::time_attention(0, Rung::fp32, {2, 6, 2, 4});
  EXPECT_GT(times.own_seconds, 0);
  EXPECT_GT(times.library_seconds, 0);
  EXPECT_GT(emulation::counters().products, products);
}

}  // namespace
}  // namespace headsweep
