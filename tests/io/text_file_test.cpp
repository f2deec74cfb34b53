#include "io/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/complaints.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::HasSubstr;

class ReadText : public testing::Test {
 protected:
  std::string error(const std::filesystem::path& path, std::size_t most_bytes = 100) {
    return complaint_of([&] { read_text(path, "the job file", most_bytes); });
  }
  TemporaryFolder folder_;
};

TEST_F(ReadText, GivesEveryByte) {
  const std::string bytes("a\r\n\0\xff", 5);
  EXPECT_EQ(read_text(folder_.write("a", bytes), "it"), bytes);
  EXPECT_EQ(read_text(folder_.write("empty", ""), "it"), "");
  const std::string large(1000000, 'x');
  EXPECT_EQ(read_text(folder_.write("large", large), "it"), large);
}

TEST_F(ReadText, NamesAMissingFileAndWhatItWasWantedFor) {
  EXPECT_EQ(
      error("no/such/file"),
      "no/such/file: the job file does not exist (there is no folder no/such); check the path");
  EXPECT_EQ(error("no-such-file"), "no-such-file: the job file does not exist; check the path");
  EXPECT_THAT(error(folder_.write("a", "x") / "b"), HasSubstr("the job file does not exist"));
  EXPECT_THAT(error(""), HasSubstr("does not exist"));
}

TEST_F(ReadText, RefusesFolders) {
  EXPECT_EQ(error(folder_.path()),
            folder_.path().string() + ": the job file is a folder; name a file");
}

TEST_F(ReadText, RefusesPipesAndDevicesWithoutWaiting) {
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(error(pipe), HasSubstr("is no regular file"));
  EXPECT_THAT(error("/dev/zero"), HasSubstr("is no regular file"));
}

TEST_F(ReadText, RefusesFilesThatAreTooLarge) {
  EXPECT_EQ(error(folder_.write("fits", std::string(100, 'x'))), "");
  EXPECT_THAT(error(folder_.write("large", std::string(101, 'x'))), HasSubstr("is too large"));
  EXPECT_THAT(error(folder_.write("large", std::string(1000000, 'x'))), HasSubstr("is too large"));
}

TEST_F(ReadText, RefusesNamesThatTheSystemRefuses) {
  EXPECT_THAT(error(std::string(5000, 'a')), HasSubstr("cannot be read ("));
  std::filesystem::create_symlink("loop", folder_.path() / "loop");
  EXPECT_THAT(error(folder_.path() / "loop"), HasSubstr("cannot be read ("));
}

TEST_F(ReadText, RefusesFilesThatMayNotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const auto path = folder_.write("secret", "x");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  EXPECT_THAT(error(path), HasSubstr("cannot be opened"));
}

}  // namespace
}  // namespace headsweep
