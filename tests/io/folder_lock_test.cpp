#include "io/folder_lock.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include "io/errors.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Locking : public testing::Test {
 protected:
  void expect_refused(const std::string& what) const {
    EXPECT_THAT([&] { FolderLock::take(folder_); },
                testing::ThrowsMessage<UserError>(HasSubstr(what)));
  }

  const TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
};

TEST_F(Locking, OneAtATimeAndTheNextIsToldWho) {
  {
    const auto lock = FolderLock::take(folder_);
    ASSERT_TRUE(lock) << "the tests' file system knows no locks";
    expect_refused("process " + std::to_string(::getpid()) + " on ");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_TRUE(FolderLock::take(folder_));
}

TEST_F(Locking, ADeadProcessHoldsNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FolderLock::take(folder_);
    ::_exit(lock ? 0 : 1);  // without the destructor, as when it is killed
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / ".lock"));
  EXPECT_TRUE(FolderLock::take(folder_));
}

TEST_F(Locking, AnotherProcessIsRefusedWhileOneHoldsIt) {
  const auto lock = FolderLock::take(folder_);
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      FolderLock::take(folder_);
      ::_exit(1);
    } catch (const UserError&) {
      ::_exit(0);
    }
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Locking, AMovedLockIsHeldOnce) {
  auto lock = FolderLock::take(folder_);
  const std::optional<FolderLock> moved = std::move(lock);
  lock.reset();
  expect_refused("is working there");
}

TEST_F(Locking, AFolderThatCannotBeWrittenToIsRefused) {
  std::filesystem::create_symlink("elsewhere", folder_ / ".lock");
  expect_refused(".lock: cannot be written to");
}

}  // namespace
}  // namespace headsweep
