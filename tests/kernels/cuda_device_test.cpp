#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/cuda/cuda_backend.h"
#include "kernels/cuda/device.h"
#include "kernels/device_error.h"
#include "tests/cuda_emulation/emulation.h"

namespace headsweep::cuda {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// The emulated machine as the environment describes it.
class Gpus : public testing::Test {
 protected:
  ~Gpus() override {
    for (const char* name :
         {"HEADSWEEP_EMULATED_GPUS", "HEADSWEEP_EMULATED_GPU_MEMORY", "CUDA_VISIBLE_DEVICES"})
      unsetenv(name);
    EXPECT_EQ(emulation::faults(), "");
    emulation::reset();
  }
  static void set(const char* name, const char* value) {
    setenv(name, value, 1);
    emulation::reset();
  }
};

TEST_F(Gpus, AreListedWithTheirPlaces) {
  set("HEADSWEEP_EMULATED_GPUS", "2");
  const std::vector<Gpu> gpus = find_gpus();
  ASSERT_EQ(gpus.size(), 2u);
  EXPECT_EQ(gpus[1].number, 1);
  EXPECT_NE(gpus[0].identity, gpus[1].identity);
  EXPECT_EQ(gpus[0].generation, "sm_90");
  EXPECT_GT(gpus[0].memory_bytes, 0);
  EXPECT_LE(free_bytes(0), gpus[0].memory_bytes);
}

TEST_F(Gpus, WithoutADriverAreRefusedWithThatReason) {
  set("HEADSWEEP_EMULATED_GPUS", "none");
  EXPECT_THAT([] { find_gpus(); }, ThrowsMessage<DeviceError>(HasSubstr("no NVIDIA driver")));
}

TEST_F(Gpus, ThatAreHiddenAreRefusedWithThatReason) {
  set("HEADSWEEP_EMULATED_GPUS", "0");
  setenv("CUDA_VISIBLE_DEVICES", "", 1);
  EXPECT_THAT([] { find_gpus(); },
              ThrowsMessage<DeviceError>(AllOf(HasSubstr("no GPU that this process may use"),
                                               HasSubstr("CUDA_VISIBLE_DEVICES"))));
}

TEST_F(Gpus, OfTooLittleMemorySayHowMuchThereIs) {
  set("HEADSWEEP_EMULATED_GPU_MEMORY", "100000000");
  EXPECT_THAT([] { make_backend(0, Rung::fp32, 200'000'000); },
              ThrowsMessage<DeviceMemoryError>(
                  AllOf(HasSubstr("has not enough memory"), HasSubstr("100 MB"))));
}

TEST_F(Gpus, TakeWhatIsReservedOnceForAllRungs) {
  const auto first = make_backend(0, Rung::bf16, 300 << 20);
  const long mallocs = emulation::counters().mallocs;
  const auto second = make_backend(0, Rung::fp64, 300 << 20);
  const auto piece = second->allocate_bytes(200 << 20);
  EXPECT_EQ(emulation::counters().mallocs, mallocs);
}

TEST_F(Gpus, CopyMoreThanAPieceOfStagingThereAndBack) {
  const auto backend = make_backend(0, Rung::fp32, 0);
  std::vector<int> values(5'000'003);
  std::iota(values.begin(), values.end(), -7);
  const auto there = to_device(*backend, std::span<const int>(values));
  EXPECT_EQ(to_host(*backend, there.data(), there.size), values);
}

TEST_F(Gpus, DoWhatTheyAreAskedForInOrderThoughMemoryIsGivenBackInBetween) {
  const auto backend = make_backend(0, Rung::fp32, 0);
  const std::vector<int> zero = {0};
  const auto row = to_device(*backend, std::span<const int>(zero));
  Numbers sum = to_device(*backend, std::vector<double>{0});
  for (int i = 0; i < 50; ++i) {
    // Lies where the one before it lay, whose addition is still to be done.
    const Numbers one = to_device(*backend, std::vector<double>{static_cast<double>(i)});
    backend->add_rows(as_matrix(one, 1, 1), row.data(), as_matrix(sum, 1, 1));
  }
  EXPECT_EQ(to_host(*backend, sum), std::vector<double>{1225});
}

TEST_F(Gpus, TakePartsOfAWeightAsTheyWouldBePacked) {
  constexpr std::int64_t inputs = 24, outputs = 20;
  std::vector<float> weight(inputs * outputs);
  std::iota(weight.begin(), weight.end(), 0.0f);
  std::vector<double> bias(outputs);
  std::iota(bias.begin(), bias.end(), 0.5);
  for (const Rung rung : {Rung::bf16, Rung::bf16x3, Rung::fp32, Rung::fp64}) {
    const auto backend = make_backend(0, rung, 0);
    const Weight whole = pack(*backend, weight, inputs, outputs, bias);
    const std::vector<int> rows = {3, 1, 23}, columns = {19, 0, 7, 8};
    const auto product = [&](const Weight& packed) {
      const std::vector<double> ones(static_cast<std::size_t>(packed.inputs), 1.0);
      const Numbers in = to_device(*backend, ones),
                    out = allocate_numbers(*backend, packed.outputs);
      backend->matmul(as_matrix(in, 1, packed.inputs), packed, Epilogue::store,
                      as_matrix(out, 1, packed.outputs));
      return to_host(*backend, out);
    };
    std::vector<float> some_rows, some_columns;
    std::vector<double> some_biases;
    for (const int row : rows)
      some_rows.insert(some_rows.end(), weight.begin() + row * outputs,
                       weight.begin() + (row + 1) * outputs);
    for (int row = 0; row < inputs; ++row)
      for (const int column : columns)
        some_columns.push_back(weight[static_cast<std::size_t>(row * outputs + column)]);
    for (const int column : columns) some_biases.push_back(bias[static_cast<std::size_t>(column)]);
    EXPECT_EQ(product(backend->part_of(whole, rows, {})),
              product(pack(*backend, some_rows, 3, outputs, {})));
    EXPECT_EQ(product(backend->part_of(whole, {}, columns)),
              product(pack(*backend, some_columns, inputs, 4, some_biases)));
  }
}

}  // namespace
}  // namespace headsweep::cuda
