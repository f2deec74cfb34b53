// CUDA kernels that change the form of numbers, on the emulated GPU.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/cuda/number_forms.h"
#include "tests/kernels/cuda.h"
#include "tests/near.h"
#include "tests/reference.h"

namespace headsweep {
namespace {

using Doubles = std::vector<double>;
using cuda::Bfloat16;

struct CudaNumberForms : CudaTest {
  Doubles values(const Array<Bfloat16>& array) const {
    Doubles numbers;
    for (const Bfloat16 bits : host(array))
      numbers.push_back(double{std::bit_cast<float>(std::uint32_t{bits} << 16)});
    return numbers;
  }
  /// high, then low.
  Doubles split(const DeviceMatrix<float>& in) const {
    const auto high = poisoned<Bfloat16>(in.rows * in.columns),
               low = poisoned<Bfloat16>(in.rows * in.columns);
    cuda::split_into_bfloat16(stream, in.matrix(), high.data(), low.data());
    Doubles both = values(high);
    const Doubles lows = values(low);
    both.insert(both.end(), lows.begin(), lows.end());
    return both;
  }
};

TEST_F(CudaNumberForms, HighIsTheNearestBfloat16AndLowTheNearestOfTheRest) {
  for (const std::int64_t columns : {1, 7, 20, 1028}) {
    const auto in = rounded<float>(reference::random_numbers(3 * columns, 1, 100));
    Doubles expected;
    for (const double value : in) expected.push_back(reference::nearest_bfloat16(value));
    for (std::size_t i = 0; i < in.size(); ++i)
      expected.push_back(reference::nearest_bfloat16(in[i] - expected[i]));
    const auto got = same_in_every_order(
        [&](Layout layout) { return split(DeviceMatrix<float>(*this, 3, columns, layout, in)); });
    EXPECT_EQ(got, expected);
    const DeviceMatrix<float> x(*this, 3, columns, {}, in);
    const auto high = poisoned<Bfloat16>(3 * columns);
    cuda::round_to_bfloat16(stream, x.matrix(), high.data());
    EXPECT_EQ(values(high), Doubles(expected.begin(), expected.begin() + 3 * columns));
  }
}

TEST_F(CudaNumberForms, TiesGoToTheEvenBfloat16AndNaNStaysNaN) {
  const double unit = std::ldexp(1, -7);  // between the bfloat16 numbers from 1 to 2
  const float infinity = std::numeric_limits<float>::infinity();
  const DeviceMatrix<float> x(
      *this, 1, 6, {}, {1 + unit / 2, 1 + 1.5 * unit, -1 - unit / 2, 0, infinity, 2 - unit / 2});
  const Doubles both = split(x);
  EXPECT_EQ(Doubles(both.begin(), both.begin() + 6),
            (Doubles{1, 1 + 2 * unit, -1, 0, infinity, 2}));
  const auto high = poisoned<Bfloat16>(1);
  const auto all_ones = device(std::vector<float>{std::bit_cast<float>(0x7fffffffU)});
  const Matrix nan = {reinterpret_cast<std::byte*>(all_ones.data()), 1, 1, 1, Element::float32};
  cuda::round_to_bfloat16(stream, nan, high.data());
  EXPECT_TRUE(std::isnan(values(high)[0]));
}

TEST_F(CudaNumberForms, WidenedAndNarrowedNumbersAreTheSame) {
  for (const std::int64_t columns : {1, 6, 20, 1028}) {
    const auto in = rounded<float>(reference::random_numbers(3 * columns, 1));
    const auto wide = same_in_every_order([&](Layout layout) {
      const DeviceMatrix<float> x(*this, 3, columns, layout, in);
      const auto out = poisoned<double>(3 * columns);
      cuda::widen(stream, x.matrix(), out.data());
      return host(out);
    });
    EXPECT_EQ(wide, in);
    const auto fine = device(reference::random_numbers(3 * columns, 2));
    const auto narrow = poisoned<float>(3 * columns);
    cuda::narrow(stream, fine.data(), 3 * columns, narrow.data());
    const auto expected = host(fine);
    EXPECT_EQ(host(narrow), std::vector<float>(expected.begin(), expected.end()));
  }
}

bool is_gelu(Epilogue epilogue) {
  return epilogue == Epilogue::gelu || epilogue == Epilogue::gelu_tanh;
}

TEST_F(CudaNumberForms, SumsAreFinishedAsTheEpilogueSays) {
  for (const std::int64_t columns : {1, 7, 20, 514}) {
    const auto sums = reference::random_numbers(3 * columns, 1, 4),
               bias = reference::random_numbers(columns, 2),
               before = reference::random_numbers(3 * columns, 3);
    for (const Epilogue epilogue : reference::every_epilogue) {
      Doubles expected;
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const double shifted = sums[i] + bias[i % static_cast<std::size_t>(columns)];
        expected.push_back(reference::finished(shifted, epilogue, before[i]));
      }
      const auto got = same_in_every_order([&](Layout layout) {
        const DeviceMatrix<double> in(*this, 3, columns, layout, sums),
            shift(*this, 1, columns, layout, bias), out(*this, 3, columns, layout, before);
        cuda::finish<double>(stream, in.matrix(),
                             reinterpret_cast<const double*>(shift.matrix().data), epilogue,
                             out.matrix());
        return out.numbers(*this);
      });
      EXPECT_TRUE(all_near(got, expected, is_gelu(epilogue) ? 1e-14 : 0));
    }
  }
}

TEST_F(CudaNumberForms, GeluOfLargeNumbersIsThemOrZero) {
  const DeviceMatrix<double> x(*this, 1, 4, {}, {1e6, -1e6, 40, -40});
  const auto bias = device(Doubles(4, 0));
  cuda::finish<double>(stream, x.matrix(), bias.data(), Epilogue::gelu_tanh, x.matrix());
  EXPECT_TRUE(all_near(x.numbers(*this), Doubles{1e6, 0, 40, 0}, 1e-14));
}

TEST_F(CudaNumberForms, APartOfAWeightHasTheListedRowsAndColumns) {
  constexpr std::int64_t inputs = 5, outputs = 300;
  const auto weight = reference::random_values(inputs * outputs, 1);
  const auto bias = reference::random_numbers(outputs, 2);
  const std::vector<int> all_rows = {0, 1, 2, 3, 4}, some_rows = {3, 0, 3};
  std::vector<int> all_columns, some_columns;
  for (int o = 0; o < outputs; ++o) all_columns.push_back(o);
  for (int o = outputs - 1; o > 0; o -= 2) some_columns.push_back(o);
  const auto device_weight = device(weight);
  const auto device_bias = device(bias);
  for (const auto& rows : {all_rows, some_rows})
    for (const auto& columns : {all_columns, some_columns}) {
      std::vector<float> expected;
      for (const int row : rows)
        for (const int column : columns) expected.push_back(weight[row * outputs + column]);
      const auto row_list = device(rows), column_list = device(columns);
      const auto part = poisoned<float>(static_cast<std::int64_t>(expected.size()));
      const auto part_bias = poisoned<double>(column_list.size);
      cuda::take_part(
          stream, device_weight.data(), device_bias.data(), outputs,
          {rows == all_rows ? nullptr : row_list.data(),
           columns == all_columns ? nullptr : column_list.data(), row_list.size, column_list.size},
          part.data(), part_bias.data());
      EXPECT_EQ(host(part), expected);
      EXPECT_EQ(host(part_bias), reference::gather_rows(bias, columns, 1));
    }
}

}  // namespace
}  // namespace headsweep
