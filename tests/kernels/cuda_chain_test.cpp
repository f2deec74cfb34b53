#include <vector>

#include <gtest/gtest.h>

#include "kernels/cuda/chain.h"
#include "kernels/cuda/rows.h"
#include "kernels/device_error.h"
#include "tests/kernels/cuda.h"

namespace headsweep::cuda {
namespace {

/// x[0] += value, a number of times.
class AChain : public CudaTest {
 protected:
  Array<float> x = device(std::vector<float>{0}), value = device(std::vector<float>{1}),
               other = device(std::vector<float>{100});
  Array<int> row = device(std::vector<int>{0});
  Chain chain;

  static Matrix one(const Array<float>& array) {
    return {reinterpret_cast<std::byte*>(array.data()), 1, 1, 1, Element::float32};
  }
  void ask(int times, const Array<float>& added) {
    for (int i = 0; i < times; ++i) chain.add(add_rows<float>, one(added), row.data(), one(x));
  }
  void launch() { chain.launch(stream); }
};

TEST_F(AChain, ThatComesAgainIsLaunchedAsAGraphAndDoesTheSame) {
  for (int i = 1; i <= 4; ++i) {
    ask(20, value);
    launch();
    EXPECT_EQ(host(x)[0], static_cast<float>(20 * i));
  }
  EXPECT_EQ(chain.graphs_made(), 1);
  EXPECT_EQ(chain.graphs_launched(), 3);
}

TEST_F(AChain, WithOtherArgumentsIsAnotherChain) {
  for (int i = 0; i < 2; ++i) {
    ask(10, value);
    launch();
  }
  ask(9, value);
  ask(1, other);
  launch();
  EXPECT_EQ(chain.graphs_launched(), 1);
  EXPECT_EQ(host(x)[0], 10 + 10 + 9 + 100);
}

TEST_F(AChain, OfAFewOperationsIsNotWorthAGraph) {
  for (int i = 0; i < 5; ++i) {
    ask(3, value);
    launch();
  }
  EXPECT_EQ(chain.graphs_made(), 0);
  EXPECT_EQ(host(x)[0], 15);
}

TEST_F(AChain, WithoutOperationsLaunchesNothing) {
  launch();
  EXPECT_EQ(emulation::counters().launches, 0);
}

TEST_F(AChain, ThatCannotBeRecordedLeavesTheStreamUsable) {
  ask(20, value);
  launch();
  ask(20, value);
  emulation::fail_next("cudaLaunchKernelEx", cudaErrorInvalidValue);
  EXPECT_THROW(launch(), DeviceError);
  Chain fresh;
  fresh.add(add_rows<float>, one(value), row.data(), one(x));
  fresh.launch(stream);
  EXPECT_EQ(host(x)[0], 21);
}

}  // namespace
}  // namespace headsweep::cuda
