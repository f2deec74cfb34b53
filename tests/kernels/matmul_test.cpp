#include <tuple>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/kernels/devices.h"
#include "tests/near.h"

namespace headsweep {
namespace {

struct Shape {
  std::int64_t rows, inputs, outputs;
};

using Matmul = DeviceTest<std::tuple<Shape, Epilogue, Products>>;

TEST_P(Matmul, GivesTheReferencesProduct) {
  const auto [shape, epilogue, products] = GetParam();
  const auto in = reference::random_numbers(shape.rows * shape.inputs, 1);
  const auto weight = reference::random_values(shape.inputs * shape.outputs, 2);
  const auto bias = reference::random_numbers(shape.outputs, 3);
  const auto before = reference::random_numbers(shape.rows * shape.outputs, 4);
  const auto out = device(before);
  const Weight packed = pack(*backend, weight, shape.inputs, shape.outputs, bias);
  backend->matmul(as_matrix(device(in), shape.rows, shape.inputs), packed, epilogue,
                  as_matrix(out, shape.rows, shape.outputs));
  EXPECT_TRUE(all_near(host(out),
                       reference::matmul(in, weight, bias, shape.rows, shape.inputs, shape.outputs,
                                         epilogue, before),
                       product_tolerance(shape.inputs)));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Matmul,
                         testing::Combine(testing::Values(Shape{1, 1, 1}, Shape{60, 64, 192},
                                                          Shape{10, 48, 144}, Shape{7, 100, 48},
                                                          Shape{31, 8, 33}, Shape{15, 513, 65},
                                                          Shape{230, 48, 100}),
                                          testing::ValuesIn(reference::every_epilogue),
                                          testing::ValuesIn(all_products())),
                         [](const auto& info) {
                           return name_of(std::get<Products>(info.param)) + "_" +
                                  std::to_string(info.index);
                         });

using MatmulContract = DeviceTest<Products>;

INSTANTIATE_TEST_SUITE_P(Products, MatmulContract, testing::ValuesIn(all_products()),
                         [](const auto& info) { return name_of(info.param); });

/// Of processors alone.
using CpuMatmul = DeviceTest<Products>;

INSTANTIATE_TEST_SUITE_P(Products, CpuMatmul, testing::ValuesIn(cpu_products()),
                         [](const auto& info) { return name_of(info.param); });

TEST_P(MatmulContract, ARowsBitsDoNotDependOnTheRowsAroundItNorOnTheirDistance) {
  constexpr std::int64_t most = 480;
  for (const auto& [inputs, outputs] :
       {std::pair<std::int64_t, std::int64_t>{320, 200}, {48, 36}, {8, 48}}) {
    const auto in = reference::random_numbers(most * inputs, 1);
    std::vector<double> spaced(most * (inputs + row_gap));
    for (std::int64_t r = 0; r < most; ++r)
      std::copy_n(in.begin() + r * inputs, inputs, spaced.begin() + r * (inputs + row_gap));
    const Weight packed =
        pack(*backend, reference::random_values(inputs * outputs, 2), inputs, outputs, {});
    const auto rows = device(in), spaced_rows = device(spaced), all = numbers(most * outputs);
    backend->matmul(as_matrix(rows, most, inputs), packed, Epilogue::gelu_tanh,
                    as_matrix(all, most, outputs));
    const auto expected = host(all);
    for (const std::int64_t count : {1, 2, 10, 13, 20, 60, 61, 120, 240}) {
      const std::int64_t first = most - count - 3;
      const std::vector<double> slice(expected.begin() + first * outputs,
                                      expected.begin() + (first + count) * outputs);
      for (const Matrix& whole :
           {as_matrix(rows, most, inputs), as_spaced_matrix(spaced_rows, most, inputs)}) {
        const auto part = numbers(count * outputs);
        backend->matmul(whole.part_of_rows(first, count), packed, Epilogue::gelu_tanh,
                        as_matrix(part, count, outputs));
        EXPECT_EQ(host(part), slice) << count << " rows, stride " << whole.stride;
      }
    }
  }
}

TEST_P(CpuMatmul, TheNumberOfThreadsChangesNoBit) {
  constexpr std::int64_t rows = 37, inputs = 700, outputs = 900;
  const auto weight = reference::random_values(inputs * outputs, 2);
  const auto in = reference::random_numbers(rows * inputs, 1);
  std::vector<double> expected;
  for (const int threads : {1, 2, 3, 8, 8, 8, 1}) {
    const BackendTest of(GetParam(), threads);
    const Weight packed = pack(*of.backend, weight, inputs, outputs, {});
    const Numbers out = of.numbers(rows * outputs);
    of.backend->matmul(as_matrix(of.device(in), rows, inputs), packed, Epilogue::gelu_tanh,
                       as_matrix(out, rows, outputs));
    if (threads == 1) expected = of.host(out);
    EXPECT_EQ(of.host(out), expected) << threads << " threads";
  }
}

/// Backends of one weight form read each other's weights, whatever they compute with.
TEST_P(MatmulContract, AWeightThatAnotherBackendOfTheFormPackedGivesTheSameBits) {
  constexpr std::int64_t rows = 11, inputs = 70, outputs = 75;
  const auto weight = reference::random_values(inputs * outputs, 2);
  const auto bias = reference::random_numbers(outputs, 3);
  const Numbers in = device(reference::random_numbers(rows * inputs, 1));
  const auto product = [&](const Weight& packed) {
    const Numbers out = numbers(rows * outputs);
    backend->matmul(as_matrix(in, rows, inputs), packed, Epilogue::store,
                    as_matrix(out, rows, outputs));
    return host(out);
  };
  const auto expected = product(pack(*backend, weight, inputs, outputs, bias));
  for (const Products& products : all_products()) {
    const BackendTest other(products);
    if (!other.backend) continue;
    if (other.backend->info().weight_form != backend->info().weight_form) continue;
    const std::int64_t bytes = other.backend->packed_bytes(inputs, outputs);
    ASSERT_EQ(bytes, backend->packed_bytes(inputs, outputs));
    std::shared_ptr<void> memory = backend->allocate_bytes(bytes);
    other.backend->pack_into(weight, inputs, outputs, bias, memory.get());
    EXPECT_EQ(product(backend->packed_weight(memory, inputs, outputs)), expected)
        << name_of(products);
  }
}

TEST_P(MatmulContract, AColumnsBitsDoNotDependOnTheColumnsAroundIt) {
  constexpr std::int64_t rows = 30, inputs = 96, outputs = 144, part = 48;
  const auto in = device(reference::random_numbers(rows * inputs, 1));
  const auto weight = reference::random_values(inputs * outputs, 2);
  const auto whole = numbers(rows * outputs);
  backend->matmul(as_matrix(in, rows, inputs), pack(*backend, weight, inputs, outputs, {}),
                  Epilogue::store, as_matrix(whole, rows, outputs));
  const auto expected = host(whole);
  for (const std::int64_t first : {0, 48, 96}) {
    std::vector<float> columns;
    std::vector<double> slice;
    for (std::int64_t i = 0; i < inputs; ++i)
      columns.insert(columns.end(), weight.begin() + i * outputs + first,
                     weight.begin() + i * outputs + first + part);
    for (std::int64_t r = 0; r < rows; ++r)
      slice.insert(slice.end(), expected.begin() + r * outputs + first,
                   expected.begin() + r * outputs + first + part);
    const auto out = numbers(rows * part);
    backend->matmul(as_matrix(in, rows, inputs), pack(*backend, columns, inputs, part, {}),
                    Epilogue::store, as_matrix(out, rows, part));
    EXPECT_EQ(host(out), slice) << "from column " << first;
  }
}

TEST_P(MatmulContract, TakesRowsWithAStride) {
  constexpr std::int64_t rows = 12, inputs = 40, outputs = 24, stride = 100;
  const auto wide = reference::random_numbers(rows * stride, 1);
  const auto weight = reference::random_values(inputs * outputs, 2);
  std::vector<double> dense;
  for (std::int64_t r = 0; r < rows; ++r)
    dense.insert(dense.end(), wide.begin() + r * stride + 7,
                 wide.begin() + r * stride + 7 + inputs);
  const auto in = device(wide), out = numbers(rows * outputs);
  backend->matmul(as_matrix(in, rows, stride).part_of_columns(7, inputs),
                  pack(*backend, weight, inputs, outputs, {}), Epilogue::store,
                  as_matrix(out, rows, outputs));
  EXPECT_TRUE(all_near(
      host(out), reference::matmul(dense, weight, {}, rows, inputs, outputs, Epilogue::store, {}),
      product_tolerance(inputs)));
}

/// Packs weights of these shapes one after the other, as another process would. It has one thread:
/// OpenMP's do not live on in a child.
void pack_in_child(const Products& products, const std::vector<Shape>& shapes, std::byte* memory) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto own = cpu::make_backend(1, products.rung, *products.kind);
    for (const auto& [rows, inputs, outputs] : shapes) {
      own->pack_into(reference::random_values(inputs * outputs, 2), inputs, outputs,
                     reference::random_numbers(outputs, 3), memory);
      memory += own->packed_bytes(inputs, outputs);
    }
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
}

TEST_P(CpuMatmul, AWeightThatAnotherProcessPackedGivesTheSameBits) {
  const std::vector<Shape> shapes = {{60, 64, 192}, {7, 100, 48}, {31, 8, 33}, {15, 513, 65}};
  std::int64_t bytes = 0;
  for (const Shape& shape : shapes) {
    EXPECT_EQ(backend->packed_bytes(shape.inputs, shape.outputs) % 64, 0);
    bytes += backend->packed_bytes(shape.inputs, shape.outputs);
  }
  const auto length = static_cast<std::size_t>(bytes);
  void* const mapping =
      mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(mapping, MAP_FAILED);
  std::shared_ptr<std::byte> memory(static_cast<std::byte*>(mapping),
                                    [&](std::byte* shared) { munmap(shared, length); });
  pack_in_child(GetParam(), shapes, memory.get());

  std::byte* next = memory.get();
  for (const auto& [rows, inputs, outputs] : shapes) {
    const auto in = device(reference::random_numbers(rows * inputs, 1));
    const auto product = [&, rows = rows, inputs = inputs,
                          outputs = outputs](const Weight& weight) {
      const auto out = numbers(rows * outputs);
      backend->matmul(as_matrix(in, rows, inputs), weight, Epilogue::store,
                      as_matrix(out, rows, outputs));
      return host(out);
    };
    const Weight theirs = backend->packed_weight({memory, next}, inputs, outputs);
    EXPECT_EQ(theirs.bytes, backend->packed_bytes(inputs, outputs));
    EXPECT_EQ(product(theirs),
              product(pack(*backend, reference::random_values(inputs * outputs, 2), inputs, outputs,
                           reference::random_numbers(outputs, 3))));
    next += theirs.bytes;
  }
  EXPECT_EQ(next, memory.get() + bytes);
}

TEST_P(MatmulContract, APackedWeightKeepsItsMemoryAlive) {
  std::shared_ptr<void> memory = backend->allocate_bytes(backend->packed_bytes(8, 33));
  backend->pack_into(reference::random_values(8 * 33, 2), 8, 33, {}, memory.get());
  const std::weak_ptr<void> watched = memory;
  {
    const Weight weight = backend->packed_weight(std::move(memory), 8, 33);
    EXPECT_FALSE(watched.expired());
  }
  EXPECT_TRUE(watched.expired());
}

TEST_P(MatmulContract, NoRowsAreNoWork) {
  const Weight packed = pack(*backend, reference::random_values(16, 2), 4, 4, {});
  const Matrix none{nullptr, 0, 4, 4, backend->element()};
  backend->matmul(none, packed, Epilogue::store, none);
}

}  // namespace
}  // namespace headsweep
