#include "io/mapped_file.h"

#include <cstdlib>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

constexpr std::size_t size = 3 << 16;

/// Reads the last byte of a file that was truncated behind the back of whoever mapped it.
void read_what_is_lost(const MappedFile& mapped, const std::filesystem::path& path) {
  name_files_that_lose_pages();
  std::filesystem::resize_file(path, 10);
  const volatile std::byte* const bytes = mapped.bytes().data();
  std::exit(static_cast<int>(bytes[size - 1]) + 2);
}

TEST(MappedFileTest, ShowsTheFilesBytes) {
  const TemporaryFolder folder;
  const MappedFile mapped(folder.write("weights", "abc"));
  ASSERT_EQ(mapped.bytes().size(), 3u);
  EXPECT_EQ(mapped.bytes()[2], std::byte{'c'});
}

TEST(MappedFileTest, AFileThatIsTruncatedWhileItIsReadEndsTheProcessWithItsName) {
  const TemporaryFolder folder;
  const auto path = folder.write("weights", std::string(size, 'x'));
  const MappedFile other(folder.write("other", "x"));
  MappedFile moved(path);
  const MappedFile mapped = std::move(moved);
  EXPECT_EXIT(read_what_is_lost(mapped, path), testing::ExitedWithCode(1),
              "^headsweep: .*/weights: was truncated, or its disk fails, while it was read");
}

TEST(MappedFileTest, AFileThatIsNoLongerMappedIsNotNamed) {
  const TemporaryFolder folder;
  const auto path = folder.write("weights", std::string(size, 'x'));
  { const MappedFile gone(path); }
  const MappedFile mapped(folder.write("others", std::string(size, 'x')));
  EXPECT_EXIT(read_what_is_lost(mapped, folder.path() / "others"), testing::ExitedWithCode(1),
              "/others: was truncated");
}

}  // namespace
}  // namespace headsweep
