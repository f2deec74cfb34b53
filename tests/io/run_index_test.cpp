#include "io/run_index.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <tuple>

#include <gmock/gmock.h>
#include <unistd.h>

#include "io/errors.h"
#include "io/run_file.h"
#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

bool same(const IndexEntry& a, const IndexEntry& b) {
  const auto fields = [](const IndexEntry& entry) {
    return std::tie(entry.name, entry.run_file, entry.family, entry.corruption, entry.threshold,
                    entry.order, entry.ablation, entry.resample, entry.status, entry.reason,
                    entry.decisions, entry.kept, entry.score_percent);
  };
  return fields(a) == fields(b);
}

bool same(const std::vector<IndexEntry>& a, const std::vector<IndexEntry>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return same(x, y); });
}

std::vector<IndexEntry> example() {
  return {{"zebra", "zebra.h5", "z", "repeat_last", 3.0, "backward", "mean", "", "complete", "",
           384, 83, 97.000000001},
          {"apple.T3", "sub/apple.T3.h5", "a", "file", 0.1, "forward", "zero", "3 of seed 7",
           "failed", "the disk \u00fc is full\n", 2, 5, -0.0},
          {"middle", "middle.h5", "", "", 0, "", "", "", "pending", "", 0, 0, 0}};
}

class RunIndex : public testing::Test {
 protected:
  fs::path path() const { return folder_ / "index.h5"; }

  std::string complaint() const {
    return complaint_about(path(), [&] { read_run_index(path()); });
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

void flip_a_bit(std::string& bytes, std::mt19937& random) {
  char& byte = bytes[random() % bytes.size()];
  byte = static_cast<char>(byte ^ (1U << random() % 8));
}

TEST_F(RunIndex, ReadsBackWhatWasWrittenInItsOrder) {
  write_run_index(example(), path());
  EXPECT_TRUE(same(read_run_index(path()), example()));
  write_run_index({}, path());
  EXPECT_TRUE(read_run_index(path()).empty());
}

TEST_F(RunIndex, KeepsTheOrderOfManyEntries) {
  std::vector<IndexEntry> entries;
  for (int i = 0; i < 300; ++i) {
    entries.push_back(example()[0]);
    entries.back().name = "run" + std::to_string((i * 37) % 300);
  }
  write_run_index(entries, path());
  EXPECT_TRUE(same(read_run_index(path()), entries));
}

TEST_F(RunIndex, RefusesEntriesThatCannotBeReadBack) {
  for (const char* name : {"", ".", "a/b", "zebra"}) {
    auto entries = example();
    entries[1].name = name;
    EXPECT_THROW(write_run_index(entries, path()), MachineError) << name;
  }
  auto entries = example();
  entries[0].score_percent = NAN;
  EXPECT_THROW(write_run_index(entries, path()), MachineError);
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(RunIndex, ThatIsNoneIsTheUsersMistake) {
  EXPECT_NE(complaint(), "");
  std::ofstream(path()) << "x";
  EXPECT_THAT(complaint(), HasSubstr("is not an HDF5 file"));
  write_run_file(RunRecord{}, path());
  EXPECT_THAT(complaint(), HasSubstr("is not a headsweep index (it is a headsweep run)"));
}

TEST_F(RunIndex, CutOffOrGarbledIsRefusedOrWhole) {
  write_run_index(example(), path());
  std::stringstream text;
  text << std::ifstream(path(), std::ios::binary).rdbuf();
  const std::string whole = text.str();
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    std::string garbled = whole;
    flip_a_bit(garbled, random);
    if (i % 2 == 0) garbled = whole.substr(0, random() % whole.size());
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << garbled;
    const bool accepted = complaint().empty();
    EXPECT_TRUE(!accepted || same(read_run_index(path()), example())) << i;
  }
}

TEST_F(RunIndex, LeadsH5pyToTheRunFiles) {
  const std::string python = "/usr/bin/python3 -c \"import h5py\n";
  if (std::system((python + "\" 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << "/usr/bin/python3 has no h5py";
  RunRecord run;
  run.family = "apples";
  fs::create_directories(folder_ / "sub");
  write_run_file(run, folder_ / "sub" / "apple.T3.h5");
  write_run_index(example(), path());
  const std::string script =
      "f = h5py.File('" + path().string() +
      "')\n"
      "assert list(f['/']) == ['zebra', 'apple.T3', 'middle'], list(f['/'])\n"
      "assert f['apple.T3'].attrs['status'] == 'failed'\n"
      "assert f['apple.T3/run'].attrs['family'] == 'apples'\"";
  EXPECT_EQ(std::system((python + script).c_str()), 0);
}

}  // namespace
}  // namespace headsweep
