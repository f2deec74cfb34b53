#include "tests/ranks_test_main.h"

#include <cstdio>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "pipeline/ranks/launch.h"
#include "pipeline/ranks/open_ranks.h"

namespace headsweep {
namespace {

Ranks* opened = nullptr;

/// What ranks other than 0 say: their failures.
class FailuresOnly final : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    fmt::print("{}: {}:{}: {}\n", opened->name_of(opened->rank()),
               result.file_name() == nullptr ? "?" : result.file_name(), result.line_number(),
               result.message());
    std::fflush(stdout);
  }
};

}  // namespace

Ranks& test_ranks() { return *opened; }

}  // namespace headsweep

int main(int argc, char** argv) {
  using namespace headsweep;
  testing::InitGoogleMock(&argc, argv);
  const auto ranks = open_ranks(find_launch(), UseMpi::under_a_launcher);
  ranks->set_patience(20);  // a rank that has failed may keep the others waiting
  opened = ranks.get();
  if (ranks->rank() > 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailuresOnly);
  }
  return RUN_ALL_TESTS();
}
