#include <tuple>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/kernels/cpu.h"
#include "tests/near.h"

namespace headsweep {
namespace {

struct Shape {
  std::int64_t rows, inputs, outputs;
};

/// The own products where this processor can run them, and oneDNN's.
std::vector<cpu::ProductKind> product_kinds() {
  if (cpu::fastest_products() == cpu::ProductKind::onednn) return {cpu::ProductKind::onednn};
  return {cpu::ProductKind::panels, cpu::ProductKind::onednn};
}

class Matmul : public CpuTest,
               public testing::WithParamInterface<std::tuple<Shape, Epilogue, cpu::ProductKind>> {};

TEST_P(Matmul, GivesTheReferencesProduct) {
  const auto [shape, epilogue, products] = GetParam();
  backend = cpu::make_backend(0, products);
  const auto in = reference::random_values(shape.rows * shape.inputs, 1);
  const auto weight = reference::random_values(shape.inputs * shape.outputs, 2);
  const auto bias = reference::random_values(shape.outputs, 3);
  const auto before = reference::random_values(shape.rows * shape.outputs, 4);
  const auto out = device(before);
  const Weight packed = pack(*backend, weight, shape.inputs, shape.outputs, bias);
  backend->matmul(as_matrix(device(in), shape.rows, shape.inputs), packed, epilogue,
                  as_matrix(out, shape.rows, shape.outputs));
  // float32 sums of `inputs` terms of size one.
  const double tolerance = 1e-6 * static_cast<double>(shape.inputs) + 1e-5;
  EXPECT_TRUE(all_near(host(out),
                       reference::matmul(in, weight, bias, shape.rows, shape.inputs, shape.outputs,
                                         epilogue, before),
                       tolerance));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Matmul,
    testing::Combine(testing::Values(Shape{1, 1, 1}, Shape{60, 64, 192}, Shape{10, 48, 144},
                                     Shape{7, 100, 48}, Shape{31, 8, 33}, Shape{15, 513, 65},
                                     Shape{230, 48, 100}),
                     testing::Values(Epilogue::store, Epilogue::gelu, Epilogue::accumulate),
                     testing::ValuesIn(product_kinds())));

class MatmulContract : public CpuTest, public testing::WithParamInterface<cpu::ProductKind> {
 protected:
  MatmulContract() { backend = cpu::make_backend(0, GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Products, MatmulContract, testing::ValuesIn(product_kinds()));

TEST_P(MatmulContract, ARowsBitsDoNotDependOnTheRowsAroundItNorOnTheirDistance) {
  constexpr std::int64_t most = 480;
  for (const auto& [inputs, outputs] :
       {std::pair<std::int64_t, std::int64_t>{320, 200}, {48, 36}, {8, 48}}) {
    const auto in = reference::random_values(most * inputs, 1);
    std::vector<float> spaced(most * (inputs + row_gap));
    for (std::int64_t r = 0; r < most; ++r)
      std::copy_n(in.begin() + r * inputs, inputs, spaced.begin() + r * (inputs + row_gap));
    const Weight packed =
        pack(*backend, reference::random_values(inputs * outputs, 2), inputs, outputs, {});
    const auto rows = device(in), spaced_rows = device(spaced),
               all = allocate<float>(*backend, most * outputs);
    backend->matmul(as_matrix(rows, most, inputs), packed, Epilogue::gelu,
                    as_matrix(all, most, outputs));
    const auto expected = host(all);
    for (const std::int64_t count : {1, 2, 10, 13, 20, 60, 61, 120, 240}) {
      const std::int64_t first = most - count - 3;
      const std::vector<float> slice(expected.begin() + first * outputs,
                                     expected.begin() + (first + count) * outputs);
      for (const Matrix& whole :
           {as_matrix(rows, most, inputs), as_spaced_matrix(spaced_rows, most, inputs)}) {
        const auto part = allocate<float>(*backend, count * outputs);
        backend->matmul(whole.part_of_rows(first, count), packed, Epilogue::gelu,
                        as_matrix(part, count, outputs));
        EXPECT_EQ(host(part), slice) << count << " rows, stride " << whole.stride;
      }
    }
  }
}

TEST_P(MatmulContract, AColumnsBitsDoNotDependOnTheColumnsAroundIt) {
  constexpr std::int64_t rows = 30, inputs = 96, outputs = 144, part = 48;
  const auto in = device(reference::random_values(rows * inputs, 1));
  const auto weight = reference::random_values(inputs * outputs, 2);
  const auto whole = allocate<float>(*backend, rows * outputs);
  backend->matmul(as_matrix(in, rows, inputs), pack(*backend, weight, inputs, outputs, {}),
                  Epilogue::store, as_matrix(whole, rows, outputs));
  const auto expected = host(whole);
  for (const std::int64_t first : {0, 48, 96}) {
    std::vector<float> columns, slice;
    for (std::int64_t i = 0; i < inputs; ++i)
      columns.insert(columns.end(), weight.begin() + i * outputs + first,
                     weight.begin() + i * outputs + first + part);
    for (std::int64_t r = 0; r < rows; ++r)
      slice.insert(slice.end(), expected.begin() + r * outputs + first,
                   expected.begin() + r * outputs + first + part);
    const auto out = allocate<float>(*backend, rows * part);
    backend->matmul(as_matrix(in, rows, inputs), pack(*backend, columns, inputs, part, {}),
                    Epilogue::store, as_matrix(out, rows, part));
    EXPECT_EQ(host(out), slice) << "from column " << first;
  }
}

TEST_P(MatmulContract, TakesRowsWithAStride) {
  constexpr std::int64_t rows = 12, inputs = 40, outputs = 24, stride = 100;
  const auto wide = reference::random_values(rows * stride, 1),
             weight = reference::random_values(inputs * outputs, 2);
  std::vector<float> dense;
  for (std::int64_t r = 0; r < rows; ++r)
    dense.insert(dense.end(), wide.begin() + r * stride + 7,
                 wide.begin() + r * stride + 7 + inputs);
  const auto in = device(wide), out = allocate<float>(*backend, rows * outputs);
  backend->matmul(as_matrix(in, rows, stride).part_of_columns(7, inputs),
                  pack(*backend, weight, inputs, outputs, {}), Epilogue::store,
                  as_matrix(out, rows, outputs));
  EXPECT_TRUE(all_near(
      host(out), reference::matmul(dense, weight, {}, rows, inputs, outputs, Epilogue::store, {}),
      1e-4));
}

/// Packs weights of these shapes one after the other, as another process would. It has one thread:
/// OpenMP's do not live on in a child.
void pack_in_child(cpu::ProductKind products, const std::vector<Shape>& shapes, std::byte* memory) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto own = cpu::make_backend(1, products);
    for (const auto& [rows, inputs, outputs] : shapes) {
      own->pack_into(reference::random_values(inputs * outputs, 2), inputs, outputs,
                     reference::random_values(outputs, 3), memory);
      memory += own->packed_bytes(inputs, outputs);
    }
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
}

TEST_P(MatmulContract, AWeightThatAnotherProcessPackedGivesTheSameBits) {
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
    const auto in = device(reference::random_values(rows * inputs, 1));
    const auto product = [&, rows = rows, inputs = inputs,
                          outputs = outputs](const Weight& weight) {
      const auto out = allocate<float>(*backend, rows * outputs);
      backend->matmul(as_matrix(in, rows, inputs), weight, Epilogue::store,
                      as_matrix(out, rows, outputs));
      return host(out);
    };
    const Weight theirs = backend->packed_weight({memory, next}, inputs, outputs);
    EXPECT_EQ(theirs.bytes, backend->packed_bytes(inputs, outputs));
    EXPECT_EQ(product(theirs),
              product(pack(*backend, reference::random_values(inputs * outputs, 2), inputs, outputs,
                           reference::random_values(outputs, 3))));
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
  backend->matmul({nullptr, 0, 4, 4}, packed, Epilogue::store, {nullptr, 0, 4, 4});
}

}  // namespace
}  // namespace headsweep
