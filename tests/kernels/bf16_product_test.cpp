#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/kernels/devices.h"
#include "tests/near.h"

namespace headsweep {
namespace {

using reference::Numbers;

struct Shape {
  std::int64_t rows, inputs, outputs;
};

/// The nearest number with eight significant bits, ties to even.
double nearest_bf16(double value) {
  int exponent = 0;
  const double significant = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(significant, 8)), exponent - 8);
}

/// Of float32 numbers.
template <class T>
struct Split {
  std::vector<T> high, low;

  explicit Split(const std::vector<T>& values) {
    for (const T value : values) {
      high.push_back(static_cast<T>(nearest_bf16(value)));
      low.push_back(static_cast<T>(nearest_bf16(value - high.back())));
    }
  }
};

Numbers random_float32(std::int64_t count, unsigned seed) {
  const auto values = reference::random_values(count, seed);
  return {values.begin(), values.end()};
}

/// What is multiplied, and what was there before.
struct Problem {
  explicit Problem(const Shape& given)
      : shape(given),
        in(random_float32(shape.rows * shape.inputs, 1)),
        bias(random_float32(shape.outputs, 3)),
        before(random_float32(shape.rows * shape.outputs, 4)),
        weight(reference::random_values(shape.inputs * shape.outputs, 2)) {}

  Numbers exact(const Numbers& left, const std::vector<float>& right) const {
    return reference::matmul(left, right, {}, shape.rows, shape.inputs, shape.outputs,
                             Epilogue::store, {});
  }

  /// The exact sums of the rung's products.
  Numbers sums(Rung rung) const {
    const Split x(in);
    const Split w(weight);
    Numbers result = exact(x.high, w.high);
    if (rung == Rung::bf16) return result;
    const Numbers right = exact(x.high, w.low), left = exact(x.low, w.high);
    for (std::size_t i = 0; i < result.size(); ++i) result[i] += right[i] + left[i];
    return result;
  }

  Numbers finished(Numbers sums, Epilogue epilogue) const {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += bias[i % bias.size()];
      sums[i] = reference::finished(sums[i], epilogue, before[i]);
    }
    return sums;
  }

  Numbers product(const BackendTest& cpu, const Numbers& with_bias, Epilogue epilogue) const {
    const auto out = cpu.device(before);
    const Weight packed = pack(*cpu.backend, weight, shape.inputs, shape.outputs, with_bias);
    cpu.backend->matmul(as_matrix(cpu.device(in), shape.rows, shape.inputs), packed, epilogue,
                        as_matrix(out, shape.rows, shape.outputs));
    return cpu.host(out);
  }

  Shape shape;
  Numbers in, bias, before;
  std::vector<float> weight;
};

bool is_bf16(const Products& products) {
  return products.rung == Rung::bf16 || products.rung == Rung::bf16x3;
}

std::vector<Products> bf16_products() {
  std::vector<Products> all = cpu_products();
  std::erase_if(all, [](const Products& each) { return !is_bf16(each); });
  return all;
}

/// On processors without bfloat16 there is none.
class Bf16Product : public testing::TestWithParam<Products>, public BackendTest {
 protected:
  Bf16Product() : BackendTest(GetParam()) {}
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Bf16Product);

INSTANTIATE_TEST_SUITE_P(Products, Bf16Product, testing::ValuesIn(bf16_products()),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(Bf16Product, IsThatOfTheRoundedOperands) {
  std::vector<Shape> shapes = {{60, 64, 192},  {7, 100, 48},   {31, 8, 33},
                               {15, 1025, 65}, {250, 48, 100}, {13, 2050, 40}};
  for (const std::int64_t inputs : {1, 7, 33})
    for (const std::int64_t outputs : {1, 31, 33, 100})
      for (const std::int64_t rows : {1, 2, 11, 12, 13, 14, 15, 29, 40})
        shapes.push_back({rows, inputs, outputs});
  for (const Shape& shape : shapes) {
    const Problem problem(shape);
    const Numbers sums = problem.sums(rung);
    for (const Epilogue epilogue : reference::every_epilogue) {
      // float32 sums of up to three times `inputs` terms below one, and the approximations in GELU.
      const double tolerance = 1e-7 * static_cast<double>(shape.inputs) + 2e-6;
      EXPECT_TRUE(all_near(problem.product(*this, problem.bias, epilogue),
                           problem.finished(sums, epilogue), tolerance))
          << shape.rows << " x " << shape.inputs << " x " << shape.outputs << ", epilogue "
          << static_cast<int>(epilogue);
    }
  }
}

TEST_P(Bf16Product, WithoutABiasAddsNone) {
  const Problem problem({3, 16, 33});
  EXPECT_TRUE(all_near(problem.product(*this, {}, Epilogue::store), problem.sums(rung), 2e-6));
}

TEST_P(Bf16Product, OfThreePartsIsMuchNearerToTheExactOne) {
  const Problem problem({20, 512, 64});
  const Numbers exact = problem.exact(problem.in, problem.weight);
  const auto mean_error = [&](Rung of) {
    const BackendTest cpu(Products{of, GetParam().kind});
    const Numbers got = problem.product(cpu, {}, Epilogue::store);
    double sum = 0;
    for (std::size_t i = 0; i < got.size(); ++i) sum += std::abs(got[i] - exact[i]);
    return sum / static_cast<double>(got.size());
  };
  const double one = mean_error(Rung::bf16), three = mean_error(Rung::bf16x3);
  // Seven to eight further bits of each operand, but for float32's own error.
  EXPECT_GT(one, 100 * three);
  EXPECT_GT(three, 0);
}

TEST_P(Bf16Product, OfEitherRungReadsTheOthersWeights) {
  const BackendTest one(Products{Rung::bf16, GetParam().kind}),
      three(Products{Rung::bf16x3, GetParam().kind});
  EXPECT_EQ(one.backend->info().weight_form, three.backend->info().weight_form);
  EXPECT_EQ(one.backend->info().kind, three.backend->info().kind);
  EXPECT_NE(one.backend->info().description, three.backend->info().description);
  EXPECT_NE(one.backend->info().weight_form,
            BackendTest({Rung::fp32, cpu::product_kinds(Rung::fp32).front()})
                .backend->info()
                .weight_form);
}

TEST_P(Bf16Product, IsOfAKindOfItsOwn) {
  const std::string kind = backend->info().kind;
  for (const Products& other : cpu_products()) {
    if (other.kind == GetParam().kind && is_bf16(other)) continue;
    EXPECT_NE(BackendTest(other).backend->info().kind, kind) << name_of(other);
  }
}

}  // namespace
}  // namespace headsweep
