#include "io/checkpoint_watch.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "io/checkpoint.h"
#include "tests/small_checkpoint.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Watching : public testing::Test {
 protected:
  Watching() { SmallCheckpoint().write(temporary_); }

  void write_into(char byte) const {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(-1, std::ios::end);
    file.put(byte);
  }

  /// What a copy of the same does: the bytes stay, the time does not.
  void touch() const {
    const timespec times[2] = {{1, 0}, {1, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path_.c_str(), times, 0), 0);
  }

  static void expect_changed(const std::function<void()>& check, const std::string& what) {
    EXPECT_THAT(check, testing::ThrowsMessage<CheckpointChanged>(HasSubstr(what)));
  }

  const TemporaryFolder temporary_;
  const fs::path path_ = temporary_.path() / "model.safetensors";
};

TEST_F(Watching, TheHashIsTheCheckpoints) {
  CheckpointWatch watch(temporary_.path());
  EXPECT_EQ(watch.sha256(), Checkpoint(temporary_.path()).sha256());
  EXPECT_EQ(watch.sha256(), Checkpoint(temporary_.path()).sha256());
}

TEST_F(Watching, WhatIsLeftAloneIsUnchanged) {
  CheckpointWatch watch(temporary_.path());
  watch.sha256();
  EXPECT_NO_THROW(watch.check_loaded());
  EXPECT_NO_THROW(watch.check());
  EXPECT_NO_THROW(watch.check_all_bytes());
}

TEST_F(Watching, AByteWrittenIntoAFileIsNoticed) {
  CheckpointWatch watch(temporary_.path());
  watch.sha256();
  write_into('?');
  expect_changed([&] { watch.check_loaded(); }, path_.string() + ": the checkpoint changed while");
  expect_changed([&] { watch.check(); }, path_.string() + ": the checkpoint changed while");
  expect_changed([&] { watch.check_all_bytes(); }, "put the old file back");
}

TEST_F(Watching, AFileThatBecameShorterIsNoticed) {
  CheckpointWatch watch(temporary_.path());
  watch.sha256();
  fs::resize_file(path_, fs::file_size(path_) / 2);
  expect_changed([&] { watch.check(); }, "the checkpoint changed");
}

TEST_F(Watching, ANewTimeStampOverTheSameBytesIsNoChangeOnceTheyAreLoaded) {
  CheckpointWatch watch(temporary_.path());
  watch.sha256();
  touch();
  expect_changed([&] { watch.check_loaded(); }, "is it still being copied?");
  EXPECT_NO_THROW(watch.check());
}

TEST_F(Watching, AFileThatIsReplacedIsStillThereForThoseWhoHaveItMapped) {
  CheckpointWatch watch(temporary_.path());
  watch.sha256();
  std::ofstream(temporary_.path() / "new") << "another";
  fs::rename(temporary_.path() / "new", path_);
  expect_changed([&] { watch.check_loaded(); }, "changed while it was loaded");
  EXPECT_NO_THROW(watch.check());
  EXPECT_NO_THROW(watch.check_all_bytes());
}

TEST_F(Watching, AFileThatIsRemovedIsNoChangeEither) {
  CheckpointWatch watch(temporary_.path());
  watch.sha256();
  fs::remove(path_);
  EXPECT_NO_THROW(watch.check());
  EXPECT_NO_THROW(watch.check_all_bytes());
}

}  // namespace
}  // namespace headsweep
