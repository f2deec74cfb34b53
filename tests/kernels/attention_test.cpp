#include <limits>

#include <gtest/gtest.h>

#include "tests/kernels/devices.h"
#include "tests/near.h"

namespace headsweep {
namespace {

struct Attention : EveryRung {
  static constexpr int heads = 3;
  static constexpr std::int64_t d_head = 20, width = heads * d_head;
  const std::vector<int> starts = {0, 1, 7, 7 + 23};  // sequences of 1, 6 and 23 positions
  const std::int64_t rows = 30;
  std::vector<double> q = reference::random_numbers(rows * width, 1, 4),
                      k = reference::random_numbers(rows * width, 2, 4),
                      v = reference::random_numbers(rows * width, 3);
  Array<int> device_starts = device(starts);

  SequenceRows sequences() const { return {device_starts.data(), 3, 23}; }
};

INSTANTIATE_TEST_SUITE_P(Rungs, Attention, every_rung(),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(Attention, EveryPositionAttendsToItselfAndThoseBefore) {
  const auto z = numbers(rows * width);
  backend->attention(sequences(), heads, Queries::every_position, as_matrix(device(q), rows, width),
                     as_matrix(device(k), rows, width), as_matrix(device(v), rows, width), {},
                     as_matrix(z, rows, width));
  EXPECT_TRUE(all_near(host(z), reference::attention(starts, heads, d_head, q, k, v),
                       tolerance(2e-5, 1e-13)));
}

TEST_P(Attention, LastPositionsHaveTheBitsOfTheWhole) {
  const auto whole = numbers(rows * width), last = numbers(3 * width);
  const auto keys = device(k), values = device(v);
  backend->attention(sequences(), heads, Queries::every_position, as_matrix(device(q), rows, width),
                     as_matrix(keys, rows, width), as_matrix(values, rows, width), {},
                     as_matrix(whole, rows, width));
  std::vector<double> last_queries, expected;
  const auto z = host(whole);
  for (const int end : {1, 7, 30}) {
    last_queries.insert(last_queries.end(), q.begin() + (end - 1) * width, q.begin() + end * width);
    expected.insert(expected.end(), z.begin() + (end - 1) * width, z.begin() + end * width);
  }
  backend->attention(sequences(), heads, Queries::last_position,
                     as_matrix(device(last_queries), 3, width), as_matrix(keys, rows, width),
                     as_matrix(values, rows, width), {}, as_matrix(last, 3, width));
  EXPECT_EQ(host(last), expected);
}

TEST_P(Attention, LaterPositionsAreNotSeen) {
  // A key and a value that would spoil everything, at the last position of the last sequence.
  for (std::int64_t i = 0; i < width; ++i) {
    k[(rows - 1) * width + i] = std::numeric_limits<double>::quiet_NaN();
    v[(rows - 1) * width + i] = std::numeric_limits<double>::quiet_NaN();
  }
  const auto z = numbers(rows * width);
  backend->attention(sequences(), heads, Queries::every_position, as_matrix(device(q), rows, width),
                     as_matrix(device(k), rows, width), as_matrix(device(v), rows, width), {},
                     as_matrix(z, rows, width));
  const auto got = host(z);
  for (std::int64_t i = 0; i < (rows - 1) * width; ++i) ASSERT_FALSE(std::isnan(got[i])) << i;
}

TEST_P(Attention, LargeScoresDoNotOverflow) {
  for (double& value : q) value *= 100;
  for (double& value : k) value *= 100;
  const auto z = numbers(rows * width);
  backend->attention(sequences(), heads, Queries::every_position, as_matrix(device(q), rows, width),
                     as_matrix(device(k), rows, width), as_matrix(device(v), rows, width), {},
                     as_matrix(z, rows, width));
  for (const double value : host(z)) ASSERT_LE(std::abs(value), 1.0001);
}

/// With q, k, v as they are and every second head of a row replaced, it has the bits of attention
/// and replace_heads one after the other.
TEST_P(Attention, FilledHeadsHaveTheFillsValuesAndTheOthersTheirOwnBits) {
  const auto keys = device(k), values = device(v);
  const auto fills = device(reference::random_numbers(2 * (width + d_head), 4));
  const auto head = device<int>({3, 0, 2});
  for (const Queries queries : {Queries::every_position, Queries::last_position}) {
    const std::int64_t asking = queries == Queries::every_position ? rows : 3;
    std::vector<int> fill_row;
    std::vector<std::uint8_t> every_second;
    for (int row = 0; row < asking; ++row) {
      fill_row.push_back(row % 3 == 0 ? 1 : 0);
      for (int h = 0; h < heads; ++h) every_second.push_back((row * heads + h) % 2);
    }
    const auto row = device(fill_row);
    const auto keep = device(every_second);
    const HeadFill fill{as_matrix(fills, 2, width + d_head), row.data(), head.data(), keep.data(),
                        heads};
    const auto queried = device(q), expected = numbers(asking * width), z = numbers(asking * width);
    const auto attend = [&](const HeadFill& with, const Numbers& to) {
      backend->attention(sequences(), heads, queries, as_matrix(queried, asking, width),
                         as_matrix(keys, rows, width), as_matrix(values, rows, width), with,
                         as_matrix(to, asking, width));
    };
    attend({}, expected);
    backend->replace_heads(fill, as_matrix(expected, asking, width),
                           as_matrix(expected, asking, width));
    attend(fill, z);
    EXPECT_EQ(host(z), host(expected));
  }
}

}  // namespace
}  // namespace headsweep
