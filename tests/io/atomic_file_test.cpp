#include "io/atomic_file.h"

#include <csignal>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "io/errors.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WriteWhole : public testing::Test {
 protected:
  fs::path path() const { return folder_ / "result.h5"; }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  static std::string content(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

/// Larger files cannot be written as long as it lives, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST_F(WriteWhole, PutsTheTextAtItsPlaceAndLeavesNothingElse) {
  write_whole(path(), "first");
  write_whole(path(), "second");
  EXPECT_EQ(content(path()), "second");
  EXPECT_THAT(names(), ElementsAre("result.h5"));
}

TEST_F(WriteWhole, WritesAnEmptyText) {
  write_whole(path(), "");
  EXPECT_EQ(fs::file_size(path()), 0u);
}

TEST_F(WriteWhole, ShowsTheOldContentUntilTheNewOneIsWhole) {
  write_whole(path(), "old");
  write_whole(path(), [&](const fs::path& temporary) {
    EXPECT_EQ(temporary.parent_path(), folder_);
    std::ofstream(temporary) << "half";
    EXPECT_EQ(content(path()), "old");
    std::ofstream(temporary, std::ios::app) << " and half";
  });
  EXPECT_EQ(content(path()), "half and half");
}

TEST_F(WriteWhole, KeepsTheOldContentWhenTheWriterThrows) {
  write_whole(path(), "old");
  const auto fail = [](const fs::path& temporary) {
    std::ofstream(temporary) << "half";
    throw std::runtime_error("no more");
  };
  EXPECT_THROW(write_whole(path(), fail), std::runtime_error);
  EXPECT_EQ(content(path()), "old");
  EXPECT_THAT(names(), ElementsAre("result.h5"));
}

TEST_F(WriteWhole, KeepsTheOldContentWhenTheDiskIsFull) {
  write_whole(path(), "old");
  const std::string large(100'000, 'x');
  {
    const FileSizeLimit limit(4096);
    try {
      write_whole(path(), large);
      FAIL() << "written in spite of the limit";
    } catch (const MachineError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path().string() + ": writing failed: File too large"));
      EXPECT_THAT(error.what(), HasSubstr("io/atomic_file.cpp:"));
    }
  }
  EXPECT_EQ(content(path()), "old");
  EXPECT_THAT(names(), ElementsAre("result.h5"));
}

TEST_F(WriteWhole, GivesThePermissionsOfAnOrdinaryFileAlsoWhenTheWriterIsStricter) {
  const mode_t mask = umask(027);
  write_whole(path(), "x");
  umask(mask);
  struct stat status {};
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, mode_t{0640});
}

TEST_F(WriteWhole, AcceptsANameWithoutAFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  write_whole("bare.txt", "x");
  fs::current_path(before);
  EXPECT_THAT(names(), ElementsAre("bare.txt"));
}

TEST_F(WriteWhole, OverwritesTheTemporaryFileOfAKilledProcess) {
  const auto leftover = folder_ / (".result.h5." + std::to_string(::getpid()) + ".tmp");
  std::ofstream(leftover) << std::string(100, 'x');
  write_whole(path(), "new");
  EXPECT_EQ(content(path()), "new");
  EXPECT_THAT(names(), ElementsAre("result.h5"));
}

TEST_F(WriteWhole, LeftoversOfKilledProcessesGoButNoOtherFiles) {
  for (const char* name : {".result.h5.17.tmp", ".result.h5.4194303.tmp", ".index.h5.1.tmp",
                           ".other.h5.17.tmp", ".result.h5.x7.tmp", ".result.h5..tmp",
                           "result.h5.17.tmp", ".result.h5.tmp", ".result.h5.17", "result.h5"})
    std::ofstream(folder_ / name) << "x";
  remove_leftovers(folder_, {"result.h5", "index.h5"});
  EXPECT_THAT(names(),
              ElementsAre(".other.h5.17.tmp", ".result.h5..tmp", ".result.h5.17", ".result.h5.tmp",
                          ".result.h5.x7.tmp", "result.h5", "result.h5.17.tmp"));
  EXPECT_NO_THROW(remove_leftovers(folder_ / "missing", {"result.h5"}));
}

TEST_F(WriteWhole, MakesNoFolders) {
  EXPECT_THROW(write_whole(folder_ / "missing" / "x", "x"), MachineError);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(WriteWhole, RefusesToReplaceAFolder) {
  fs::create_directory(path());
  EXPECT_THROW(write_whole(path(), "x"), MachineError);
  EXPECT_TRUE(fs::is_directory(path()));
  EXPECT_THAT(names(), ElementsAre("result.h5"));
}

TEST_F(WriteWhole, NoticesThatTheWriterLeftNoFile) {
  EXPECT_THROW(write_whole(path(), [](const fs::path& temporary) { fs::remove(temporary); }),
               MachineError);
  EXPECT_FALSE(fs::exists(path()));
}

}  // namespace
}  // namespace headsweep
