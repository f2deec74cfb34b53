#include <algorithm>
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

  SequenceRows sequences() const { return {device_starts.data(), 3, 23, starts.data()}; }
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

/// Sequences around the length from which on a device has another way to attend.
struct LongAttention : EveryRung {
  static constexpr int heads = 2;
  static constexpr std::int64_t d_head = 4, width = heads * d_head;

  struct Inputs {
    std::vector<int> starts;
    std::vector<double> q, k, v;

    std::int64_t rows() const { return starts.back(); }
    int count() const { return static_cast<int>(starts.size()) - 1; }
  };

  Inputs around_the_crossover() const {
    const int long_rows = std::max(backend->info().long_rows, 40);
    Inputs inputs{{0}, {}, {}, {}};
    for (const int length : {long_rows, 5, long_rows - 1, long_rows + 3})
      inputs.starts.push_back(inputs.starts.back() + length);
    inputs.q = reference::random_numbers(inputs.rows() * width, 1, 2);
    inputs.k = reference::random_numbers(inputs.rows() * width, 2, 2);
    inputs.v = reference::random_numbers(inputs.rows() * width, 3);
    return inputs;
  }
  static Inputs alone(const Inputs& all, int s) {
    const auto part = [&](const std::vector<double>& of_all) {
      return std::vector<double>(of_all.begin() + all.starts[s] * width,
                                 of_all.begin() + all.starts[s + 1] * width);
    };
    return {{0, all.starts[s + 1] - all.starts[s]}, part(all.q), part(all.k), part(all.v)};
  }
  static std::vector<double> last_rows(const Inputs& inputs, const std::vector<double>& of_all) {
    std::vector<int> last;
    for (int s = 0; s < inputs.count(); ++s) last.push_back(inputs.starts[s + 1] - 1);
    return reference::gather_rows(of_all, last, width);
  }

  std::vector<double> attend(const Inputs& inputs, Queries queries,
                             const HeadFill& fill = {}) const {
    const bool last_only = queries == Queries::last_position;
    const std::int64_t asking = last_only ? inputs.count() : inputs.rows(), rows = inputs.rows();
    int longest = 0;
    for (int s = 0; s < inputs.count(); ++s)
      longest = std::max(longest, inputs.starts[s + 1] - inputs.starts[s]);
    const auto starts = device(inputs.starts);
    const auto q = device(last_only ? last_rows(inputs, inputs.q) : inputs.q), k = device(inputs.k),
               v = device(inputs.v), z = numbers(asking * width);
    backend->attention({starts.data(), inputs.count(), longest, inputs.starts.data()}, heads,
                       queries, as_matrix(q, asking, width), as_matrix(k, rows, width),
                       as_matrix(v, rows, width), fill, as_matrix(z, asking, width));
    return host(z);
  }
};

INSTANTIATE_TEST_SUITE_P(Rungs, LongAttention, every_rung(),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(LongAttention, IsTheReferencesWithTheSameBitsInAnyCompany) {
  const Inputs all = around_the_crossover();
  const auto whole = attend(all, Queries::every_position);
  EXPECT_TRUE(all_near(whole, reference::attention(all.starts, heads, d_head, all.q, all.k, all.v),
                       tolerance(2e-5, 1e-13)));
  const auto last = attend(all, Queries::last_position);
  EXPECT_EQ(last, last_rows(all, whole));
  for (const int s : {0, 1, 3}) {
    const auto first = whole.begin() + all.starts[s] * width;
    EXPECT_EQ(attend(alone(all, s), Queries::every_position),
              std::vector<double>(first, first + (all.starts[s + 1] - all.starts[s]) * width))
        << s;
  }
}

TEST_P(LongAttention, FilledHeadsHaveTheFillsValuesAndTheOthersTheirOwnBits) {
  const Inputs all = around_the_crossover();
  const auto values = device(reference::random_numbers(2 * width, 4));
  const auto head = device<int>({1, 0});
  const std::vector<int> fill_rows = {1, 0, 1, 1};
  const std::vector<std::uint8_t> kept = {0, 1, 0, 0, 1, 0, 1, 1};
  const auto row = device(fill_rows);
  const auto keep = device(kept);
  EXPECT_EQ(attend(all, Queries::last_position,
                   {as_matrix(values, 2, width), row.data(), head.data(), keep.data(), heads}),
            reference::replace_heads(attend(all, Queries::last_position), host(values), width,
                                     fill_rows, {1, 0}, kept, d_head));
}

}  // namespace
}  // namespace headsweep
