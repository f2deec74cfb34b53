// Whether a checkpoint is still what it was: its files are mapped, so that who writes into one
// changes the weights of whoever computes with them.
#pragma once

#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "io/errors.h"
#include "io/file_descriptor.h"

namespace headsweep {

/// A checkpoint's bytes are others than before.
class CheckpointChanged : public MachineError {
 public:
  using MachineError::MachineError;
};

/// Keeps the files open: one that is replaced or removed meanwhile is still there for those who
/// have it mapped, and is no change.
class CheckpointWatch {
 public:
  /// Begins to hash the files, beside what the caller does next. UserError as Checkpoint's.
  explicit CheckpointWatch(const std::filesystem::path& folder);
  CheckpointWatch(const CheckpointWatch&) = delete;
  CheckpointWatch& operator=(const CheckpointWatch&) = delete;

  /// As Checkpoint::sha256(). Waits until it is known.
  std::string sha256();

  /// After the weights were loaded and sha256() is known: CheckpointChanged if a file was written
  /// to since this watch began, or is another by now.
  void check_loaded() const;

  /// CheckpointChanged if a file's bytes are others than those that were hashed. Cheap: they are
  /// read again only if a time stamp has changed.
  void check();

  /// The same, but all are read.
  void check_all_bytes();

 private:
  struct Watched {
    std::filesystem::path path;
    FileDescriptor file;
    struct stat found;  // when its bytes were last known to be those that were hashed
    std::string sha256;
  };

  void check_bytes(Watched& each);

  std::vector<Watched> files_;
  std::future<std::vector<std::string>> hashing_;
};

}  // namespace headsweep
