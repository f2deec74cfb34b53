// The fuzzers' seeds, and whatever they have found, through the same functions, with any compiler:
// so a finding is a test from then on.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/fuzz/entries.h"
#include "tests/tried.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  if (fs::is_directory(folder))
    for (const auto& file : fs::directory_iterator(folder)) files.push_back(file.path());
  return files;
}

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

fs::path folder_of(const char* kind) {
  return fs::path(HEADSWEEP_SOURCE_FOLDER) / "tests" / "fuzz" / kind;
}

class FuzzEntries : public testing::TestWithParam<FuzzEntry> {};

TEST_P(FuzzEntries, TakeOrRefuseTheirSeedsAndFindings) {
  const std::vector<fs::path> seeds = files_in(folder_of("corpus") / GetParam().name);
  EXPECT_FALSE(seeds.empty());
  for (const auto& file : seeds) EXPECT_NO_THROW(GetParam().run(content_of(file))) << file;
  for (const auto& file : files_in(folder_of("findings") / GetParam().name))
    EXPECT_NO_THROW(GetParam().run(content_of(file))) << file;
}

TEST_P(FuzzEntries, TakeOrRefuseNothingAtAll) {
  EXPECT_NO_THROW(GetParam().run(""));
  EXPECT_NO_THROW(GetParam().run(std::string_view("\0", 1)));
}

INSTANTIATE_TEST_SUITE_P(, FuzzEntries,
                         testing::ValuesIn(fuzz_entries().begin(), fuzz_entries().end()),
                         [](const auto& entry) { return entry.param.name; });

TEST(FuzzFolders, BelongToFuzzersThatExist) {
  for (const char* kind : {"corpus", "findings"})
    for (const auto& folder : files_in(folder_of(kind)))
      EXPECT_TRUE(std::ranges::any_of(fuzz_entries(), [&](const FuzzEntry& entry) {
        return entry.name == folder.filename();
      })) << folder;
  tried("input", fmt::format("the seeds and findings of {} fuzzers", fuzz_entries().size()),
        "taken, or refused in a short message");
}

}  // namespace
}  // namespace headsweep
