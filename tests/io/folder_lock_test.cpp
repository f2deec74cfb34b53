#include "io/folder_lock.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <tuple>

#include <gmock/gmock.h>
#include <sys/wait.h>

#include "io/errors.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

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

TEST_F(Locking, WhoeverHoldsItNoticesThatItWasTakenAway) {
  const auto lock = FolderLock::take(folder_);
  ASSERT_TRUE(lock);
  EXPECT_NO_THROW(lock->check());
  std::filesystem::remove(folder_ / ".lock");
  const auto taken_away =
      testing::ThrowsMessage<MachineError>(HasSubstr("or its lock was taken away"));
  EXPECT_THAT([&] { lock->check(); }, taken_away);
  const auto next = FolderLock::take(folder_);
  EXPECT_NO_THROW(next->check());
  EXPECT_THAT([&] { lock->check(); }, taken_away);
}

TEST_F(Locking, WhoeverHoldsItNoticesThatTheFolderIsAnother) {
  const auto lock = FolderLock::take(folder_);
  const auto elsewhere = folder_.string() + ".moved";
  std::filesystem::rename(folder_, elsewhere);
  EXPECT_THAT([&] { lock->check(); },
              testing::ThrowsMessage<MachineError>(HasSubstr("removed or replaced")));
  std::filesystem::rename(elsewhere, folder_);
  EXPECT_NO_THROW(lock->check());
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

/// A process that holds the lock until it is asked to end.
class Holding {
 public:
  explicit Holding(const std::filesystem::path& folder) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    child_ = ::fork();
    if (child_ == 0) {
      const auto lock = FolderLock::take(folder);
      std::ignore = ::write(ready[1], "!", 1);
      ::pause();
      ::_exit(0);
    }
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Holding() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;
  Holding(Holding&&) = delete;
  Holding& operator=(Holding&&) = delete;

 private:
  pid_t child_ = 0;
};

/// This process as a start of a Slurm job.
class AsSlurmJob {
 public:
  AsSlurmJob(const char* job, const char* restarts) {
    ::setenv("SLURM_JOB_ID", job, 1);
    ::setenv("SLURM_RESTART_COUNT", restarts, 1);
  }
  ~AsSlurmJob() {
    ::unsetenv("SLURM_JOB_ID");
    ::unsetenv("SLURM_RESTART_COUNT");
  }
  AsSlurmJob(const AsSlurmJob&) = delete;
  AsSlurmJob& operator=(const AsSlurmJob&) = delete;
  AsSlurmJob(AsSlurmJob&&) = delete;
  AsSlurmJob& operator=(AsSlurmJob&&) = delete;
};

TEST_F(Locking, AJobThatIsQueuedAgainTakesItFromItsEarlierStart) {
  std::optional<AsSlurmJob> job;
  job.emplace("77", "1");
  const Holding earlier(folder_);  // whose machine is lost, as far as Slurm knows
  expect_refused("is working there");
  job.emplace("78", "2");
  expect_refused("is working there");
  job.emplace("77", "2");
  EXPECT_TRUE(FolderLock::take(folder_));
}

TEST_F(Locking, AnEarlierStartThatComesBackTakesNothingFromTheLater) {
  std::optional<AsSlurmJob> job(std::in_place, "77", "0");
  auto earlier = FolderLock::take(folder_);
  job.emplace("77", "1");
  const auto later = FolderLock::take(folder_);
  ASSERT_TRUE(later);
  earlier.reset();
  expect_refused("is working there");
}

TEST_F(Locking, OfAnotherMachineItIsSaidWhatToDoIfThatIsDown) {
  const Holding somewhere(folder_);
  std::ofstream(folder_ / ".lock") << "5\nnode-17\n\n";
  expect_refused(
      "process 5 on node-17 is working there: wait until it has ended (if node-17 is "
      "down, remove " +
      (folder_ / ".lock").string() + ")");
}

TEST_F(Locking, AMovedLockIsHeldOnce) {
  std::optional<FolderLock> moved;
  {
    auto lock = FolderLock::take(folder_);
    moved = std::move(lock);
  }
  expect_refused("is working there");
}

TEST_F(Locking, AFolderThatCannotBeWrittenToIsRefused) {
  std::filesystem::create_symlink("elsewhere", folder_ / ".lock");
  expect_refused(".lock: cannot be written to");
}

}  // namespace
}  // namespace headsweep
