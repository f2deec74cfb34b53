#include <limits>

#include <gtest/gtest.h>

#include "tests/kernels/cpu.h"
#include "tests/near.h"

namespace headsweep {
namespace {

struct Attention : CpuTest {
  static constexpr int heads = 3;
  static constexpr std::int64_t d_head = 20, width = heads * d_head;
  const std::vector<int> starts = {0, 1, 7, 7 + 23};  // sequences of 1, 6 and 23 positions
  const std::int64_t rows = 30;
  std::vector<float> q = reference::random_values(rows * width, 1, 4),
                     k = reference::random_values(rows * width, 2, 4),
                     v = reference::random_values(rows * width, 3);
  Array<int> device_starts = device(starts);

  SequenceRows sequences() const { return {device_starts.data(), 3, 23}; }
};

TEST_F(Attention, EveryPositionAttendsToItselfAndThoseBefore) {
  const auto z = allocate<float>(*backend, rows * width);
  backend->attention(sequences(), heads, Queries::every_position, as_matrix(device(q), rows, width),
                     as_matrix(device(k), rows, width), as_matrix(device(v), rows, width),
                     as_matrix(z, rows, width));
  EXPECT_TRUE(all_near(host(z), reference::attention(starts, heads, d_head, q, k, v), 2e-5));
}

TEST_F(Attention, LastPositionsHaveTheBitsOfTheWhole) {
  const auto whole = allocate<float>(*backend, rows * width),
             last = allocate<float>(*backend, 3 * width);
  const auto keys = device(k), values = device(v);
  backend->attention(sequences(), heads, Queries::every_position, as_matrix(device(q), rows, width),
                     as_matrix(keys, rows, width), as_matrix(values, rows, width),
                     as_matrix(whole, rows, width));
  std::vector<float> last_queries, expected;
  const auto z = host(whole);
  for (const int end : {1, 7, 30}) {
    last_queries.insert(last_queries.end(), q.begin() + (end - 1) * width, q.begin() + end * width);
    expected.insert(expected.end(), z.begin() + (end - 1) * width, z.begin() + end * width);
  }
  backend->attention(sequences(), heads, Queries::last_position,
                     as_matrix(device(last_queries), 3, width), as_matrix(keys, rows, width),
                     as_matrix(values, rows, width), as_matrix(last, 3, width));
  EXPECT_EQ(host(last), expected);
}

TEST_F(Attention, LaterPositionsAreNotSeen) {
  // A key and a value that would spoil everything, at the last position of the last sequence.
  for (std::int64_t i = 0; i < width; ++i) {
    k[(rows - 1) * width + i] = std::numeric_limits<float>::quiet_NaN();
    v[(rows - 1) * width + i] = std::numeric_limits<float>::quiet_NaN();
  }
  const auto z = allocate<float>(*backend, rows * width);
  backend->attention(sequences(), heads, Queries::every_position, as_matrix(device(q), rows, width),
                     as_matrix(device(k), rows, width), as_matrix(device(v), rows, width),
                     as_matrix(z, rows, width));
  const auto got = host(z);
  for (std::int64_t i = 0; i < (rows - 1) * width; ++i) ASSERT_FALSE(std::isnan(got[i])) << i;
}

TEST_F(Attention, LargeScoresDoNotOverflow) {
  for (float& value : q) value *= 100;
  for (float& value : k) value *= 100;
  const auto z = allocate<float>(*backend, rows * width);
  backend->attention(sequences(), heads, Queries::every_position, as_matrix(device(q), rows, width),
                     as_matrix(device(k), rows, width), as_matrix(device(v), rows, width),
                     as_matrix(z, rows, width));
  for (const float value : host(z)) ASSERT_LE(std::abs(value), 1.0001f);
}

}  // namespace
}  // namespace headsweep
